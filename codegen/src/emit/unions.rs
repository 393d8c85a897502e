//! Unions: one variant for each member, and one for members of a newer schema.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::values::parameters;
use super::{Emitter, docs};
use crate::model::{Field, Struct, Type};
use crate::names;

impl Emitter<'_> {
    /// The enum of a struct's or group's union, and how it is read and written.
    pub(super) fn union(&self, name: &str, doc: &TokenStream, body: &Struct) -> Vec<TokenStream> {
        let name = names::ident(name);
        let (bounded, args) = parameters(&body.member_params());
        let members: Vec<_> = body.members().collect();
        let offset = Literal::u32_unsuffixed(body.discriminant.unwrap_or_default());
        let variants: Vec<_> = members
            .iter()
            .map(|member| names::ident(&names::type_name(&member.rust)))
            .collect();
        let numbers: Vec<_> = members
            .iter()
            .map(|member| Literal::u16_unsuffixed(member.member.unwrap_or_default()))
            .collect();
        let unknown = names::ident(names::unknown_variant(
            members.iter().map(|member| member.rust.as_str()),
        ));

        let declared = members.iter().zip(&variants).map(|(member, variant)| {
            let doc = docs::field(member);
            let payload = payload(member).then(|| {
                let ty = self.field_type(member);
                quote!((#ty))
            });
            quote!(#doc #variant #payload)
        });
        let reads = members.iter().zip(&variants).map(|(member, variant)| {
            let payload = payload(member).then(|| {
                let read = self.read_owned(member, &quote!(from));
                quote!((#read))
            });
            quote!(Self::#variant #payload)
        });
        let writes =
            members
                .iter()
                .zip(&variants)
                .zip(&numbers)
                .map(|((member, variant), number)| {
                    if !payload(member) {
                        return quote!(Self::#variant => to.discriminant(#offset, #number),);
                    }
                    let value = if member.boxed {
                        quote!(value)
                    } else {
                        quote!(*value)
                    };
                    let write = self.write_reference(member, &quote!(to), &value, &quote!(value));
                    quote! {
                        Self::#variant(value) => {
                            to.discriminant(#offset, #number);
                            #write
                        }
                    }
                });
        let first = members
            .iter()
            .zip(&variants)
            .find(|(member, _)| member.member == Some(0));
        let default = match first {
            Some((member, variant)) => {
                let payload = payload(member).then(|| {
                    let value = self.value(&member.ty, &member.default, member.boxed);
                    quote!((#value))
                });
                quote!(Self::#variant #payload)
            }
            None => quote!(Self::#unknown(0)),
        };
        vec![
            quote! {
                #doc
                #[derive(Clone, Debug, PartialEq)]
                pub enum #name #args {
                    #(#declared,)*
                    /// A member that this version of the schema does not have, by its number. Its value is not kept.
                    #unknown(u16),
                }
            },
            quote! {
                impl #bounded ::dsoftbus::__private::Body for #name #args {
                    fn read_body(from: &::dsoftbus::__private::StructReader<'_>) -> ::dsoftbus::__private::Result<Self> {
                        ::core::result::Result::Ok(match from.discriminant(#offset) {
                            #(#numbers => #reads,)*
                            other => Self::#unknown(other),
                        })
                    }

                    fn write_body(&self, to: &mut ::dsoftbus::__private::StructBuilder<'_>) -> ::dsoftbus::__private::Result<()> {
                        match self {
                            #(#writes)*
                            Self::#unknown(other) => to.discriminant(#offset, *other),
                        }
                        ::core::result::Result::Ok(())
                    }
                }
            },
            quote! {
                impl #bounded ::core::default::Default for #name #args {
                    fn default() -> Self { #default }
                }
            },
        ]
    }
}

/// Whether a member has a value.
fn payload(member: &Field) -> bool {
    member.ty != Type::Void
}
