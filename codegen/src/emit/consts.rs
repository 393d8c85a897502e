//! Constants and default values.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::values::message;
use super::{Emitter, docs};
use crate::model::{Const, Type, Value};
use crate::names;

impl Emitter<'_> {
    pub(super) fn constant(&self, body: &Const) -> TokenStream {
        let name = names::ident(&names::screaming(&body.rust));
        let doc = docs::comment(&body.doc, &format!("`{}` of the schema.", body.place.path));
        let (ty, value) = match (&body.ty, &body.value) {
            (Type::Text, Value::Text(text)) => (quote!(&str), quote!(#text)),
            (Type::Text, _) => (quote!(&str), quote!("")),
            (Type::Data, Value::Data(bytes)) => {
                let bytes = Literal::byte_string(bytes);
                (quote!(&[u8]), quote!(#bytes))
            }
            (Type::Data, _) => (quote!(&[u8]), quote!(&[])),
            (ty, Value::Pointer(words)) => {
                let (ty, words) = (self.owned(ty), message(words));
                return quote! {
                    #doc
                    pub static #name: ::std::sync::LazyLock<#ty> =
                        ::std::sync::LazyLock::new(|| { ::dsoftbus::__private::constant(#words) });
                };
            }
            (ty, Value::Zero) if ty.is_pointer() => {
                let ty = self.owned(ty);
                return quote! {
                    #doc
                    pub static #name: ::std::sync::LazyLock<#ty> =
                        ::std::sync::LazyLock::new(::core::default::Default::default);
                };
            }
            (Type::Enum(id), value) => {
                let ordinal = match value {
                    Value::Enum(ordinal) => *ordinal,
                    _ => 0,
                };
                (self.owned(&body.ty), self.variant(*id, ordinal))
            }
            (ty, value) => (self.owned(ty), self.scalar(ty, value)),
        };
        quote!(#doc pub const #name: #ty = #value;)
    }

    /// The expression of a default, owned. What is boxed may be absent, and is.
    pub(super) fn value(&self, ty: &Type, value: &Value, boxed: bool) -> TokenStream {
        match value {
            Value::Pointer(words) if !boxed => {
                let words = message(words);
                quote!(::dsoftbus::__private::constant(#words))
            }
            Value::Text(text) => quote!(::std::string::String::from(#text)),
            Value::Data(bytes) => {
                let bytes = Literal::byte_string(bytes);
                quote!(::std::vec::Vec::from(#bytes))
            }
            Value::Enum(ordinal) => {
                let ordinal = Literal::u16_unsuffixed(*ordinal);
                quote!(::core::convert::From::<u16>::from(#ordinal))
            }
            Value::Zero | Value::Pointer(_) if !matches!(ty, Type::Void) => {
                quote!(::core::default::Default::default())
            }
            other => self.scalar(ty, other),
        }
    }

    /// The expression of a number, bool or nothing.
    pub(super) fn scalar(&self, ty: &Type, value: &Value) -> TokenStream {
        match (ty, value) {
            (Type::Bool, Value::Bool(value)) => quote!(#value),
            (Type::Bool, _) => quote!(false),
            (Type::Void, _) => quote!(()),
            (_, Value::Int(value)) => {
                let digits = Literal::u64_unsuffixed(value.unsigned_abs());
                let sign = (*value < 0).then(|| quote!(-));
                quote!(#sign #digits)
            }
            (_, Value::UInt(value)) => {
                let digits = Literal::u64_unsuffixed(*value);
                quote!(#digits)
            }
            (_, Value::Float32(value)) => float(
                quote!(f32),
                f64::from(*value),
                &format!("{:?}", value.abs()),
            ),
            (_, Value::Float64(value)) => float(quote!(f64), *value, &format!("{:?}", value.abs())),
            (Type::Float32 | Type::Float64, _) => quote!(0.0),
            _ => quote!(0),
        }
    }

    /// The variant of an enumerant, in a constant.
    fn variant(&self, id: u64, ordinal: u16) -> TokenStream {
        let path = self.native(self.name_of(id));
        match self
            .enumerants
            .get(&id)
            .and_then(|body| body.enumerants.get(usize::from(ordinal)))
        {
            Some(enumerant) => {
                let variant = names::ident(&names::type_name(&enumerant.rust));
                quote!(#path::#variant)
            }
            None => unreachable!("the compiler checked that enumerant {ordinal} exists"),
        }
    }
}

/// A float: its shortest spelling, or a name when it has none.
fn float(ty: TokenStream, value: f64, digits: &str) -> TokenStream {
    let sign = value.is_sign_negative().then(|| quote!(-));
    if value.is_nan() {
        quote!(#ty::NAN)
    } else if value.is_infinite() {
        quote!(#sign #ty::INFINITY)
    } else {
        let digits = super::literal(digits);
        quote!(#sign #digits)
    }
}
