//! Clients as values: what makes one a field, an item of a list, or a type argument.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Emitter;
use super::values::parameters;
use crate::model::Interface;

impl Emitter<'_> {
    pub(super) fn client_as_value(&self, body: &Interface) -> Vec<TokenStream> {
        let client = format_ident!("{}Client", body.name.name);
        let (bounded, args) = parameters(&body.name.params);
        vec![
            quote! {
                impl #bounded ::dsoftbus::__private::Element for #client #args {
                    type Encoding = ::dsoftbus::__private::Pointers;
                }
            },
            quote! {
                impl #bounded ::dsoftbus::Pointer for #client #args {
                    fn read(from: ::dsoftbus::__private::PointerReader<'_>) -> ::dsoftbus::__private::Result<Self> {
                        ::dsoftbus::__private::read_client(from)
                    }

                    fn write(&self, to: ::dsoftbus::__private::PointerBuilder<'_>) -> ::dsoftbus::__private::Result<()> {
                        ::dsoftbus::__private::write_client(self, to)
                    }

                    fn is_null(&self) -> bool {
                        ::dsoftbus::Client::capability(self).is_null()
                    }
                }
            },
        ]
    }
}
