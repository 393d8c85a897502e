//! Reading and writing single values through capnpc's readers and builders.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::Emitter;
use crate::model::{Field, Named, Type, Value};
use crate::names;

impl Emitter<'_> {
    /// The Rust type that owns a value.
    pub(super) fn owned(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Void => quote!(()),
            Type::Bool => quote!(bool),
            Type::Int8 => quote!(i8),
            Type::Int16 => quote!(i16),
            Type::Int32 => quote!(i32),
            Type::Int64 => quote!(i64),
            Type::UInt8 => quote!(u8),
            Type::UInt16 => quote!(u16),
            Type::UInt32 => quote!(u32),
            Type::UInt64 => quote!(u64),
            Type::Float32 => quote!(f32),
            Type::Float64 => quote!(f64),
            Type::Text => quote!(::std::string::String),
            Type::Data => quote!(::std::vec::Vec<u8>),
            Type::Enum(id) | Type::Struct(Named { id, .. }) => self.native(self.name_of(*id)),
            Type::List(element) => {
                let element = self.owned(element);
                quote!(::std::vec::Vec<#element>)
            }
            other => unreachable!("{other:?} passed the checks"),
        }
    }

    /// The type of a client's argument: numbers by value, everything larger borrowed.
    pub(super) fn borrowed(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Text => quote!(&str),
            Type::Data => quote!(&[u8]),
            Type::Struct(_) => {
                let owned = self.owned(ty);
                quote!(&#owned)
            }
            Type::List(element) => {
                let element = self.owned(element);
                quote!(&[#element])
            }
            _ => self.owned(ty),
        }
    }

    /// The type of a handler's argument: text and bytes are borrowed from the message.
    pub(super) fn received(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Text => quote!(&str),
            Type::Data => quote!(&[u8]),
            _ => self.owned(ty),
        }
    }

    /// An expression that reads a field into a value that owns itself.
    pub(super) fn read_owned(&self, field: &Field, reader: &TokenStream) -> TokenStream {
        let read = self.read_received(field, reader);
        match field.ty {
            Type::Text => quote!(::std::string::String::from(#read)),
            Type::Data => quote!(<[u8]>::to_vec(#read)),
            _ => read,
        }
    }

    /// An expression that reads a field as a handler receives it.
    pub(super) fn read_received(&self, field: &Field, reader: &TokenStream) -> TokenStream {
        let getter = accessor("get", field);
        let get = quote!(#reader.#getter());
        let name = &field.name;
        match &field.ty {
            Type::Void => quote!(()),
            Type::Text => quote!(::dsoftbus::__private::text(#get, #name)?),
            Type::Data => quote!(#get?),
            Type::Enum(_) => {
                let ty = self.owned(&field.ty);
                quote!(<#ty as ::core::convert::From<u16>>::from(::dsoftbus::__private::enumerant(#get)))
            }
            Type::Struct(_) => {
                let ty = self.owned(&field.ty);
                quote!(#ty::read_from(#get?)?)
            }
            Type::List(element) => {
                let read = self.read_list(element, &get, name);
                quote!(#read?)
            }
            _ => get,
        }
    }

    /// An expression that turns a `capnp::Result` of a list reader into a `capnp::Result` of a `Vec`.
    fn read_list(&self, element: &Type, list: &TokenStream, name: &str) -> TokenStream {
        match element {
            Type::Text => quote!(::dsoftbus::__private::texts(#list, #name)),
            Type::Data => quote!(::dsoftbus::__private::datas(#list)),
            Type::Enum(_) => quote!(::dsoftbus::__private::enumerants(#list)),
            Type::Struct(_) => {
                let ty = self.owned(element);
                quote!(::dsoftbus::__private::structs(#list, #ty::read_from))
            }
            Type::List(inner) => {
                let read = self.read_list(inner, &quote!(__list), name);
                quote!(::dsoftbus::__private::lists(#list, |__list| #read))
            }
            _ => quote!(::dsoftbus::__private::primitives(#list)),
        }
    }

    /// A statement that writes `value` into a field. `value` is a place of the owned or of the borrowed type.
    pub(super) fn write(
        &self,
        field: &Field,
        builder: &TokenStream,
        value: &TokenStream,
        borrowed: bool,
    ) -> TokenStream {
        let set = accessor("set", field);
        let init = accessor("init", field);
        let reference = if borrowed {
            quote!(#value)
        } else {
            quote!(&#value)
        };
        let write = match &field.ty {
            Type::Void => return quote!(),
            Type::Text | Type::Data => {
                quote!(#builder.#set(::dsoftbus::__private::bounded(#reference)?);)
            }
            Type::Enum(id) => {
                let raw = self.raw(self.name_of(*id));
                let name = &field.name;
                quote! {
                    ::dsoftbus::__private::set_enumerant::<#raw, _>(
                        #builder.reborrow(),
                        #name,
                        ::core::convert::Into::into(#value),
                        |__builder, __known| __builder.#set(__known),
                    )?;
                }
            }
            Type::Struct(_) => quote!(#value.write_to(#builder.reborrow().#init())?;),
            Type::List(element) => {
                let bits = self.bits(element);
                let list = quote! {
                    #builder.reborrow().#init(::dsoftbus::__private::count(#value.len(), #bits)?)
                };
                let write = self.write_list(element, &list, &reference);
                match element.as_ref() {
                    Type::Text | Type::Data | Type::Enum(_) | Type::Struct(_) | Type::List(_) => {
                        quote!(#write?;)
                    }
                    _ => quote!(#write;),
                }
            }
            _ => return quote!(#builder.#set(#value);),
        };
        // An absent pointer reads as the default, so an empty value need not be written unless the default is another.
        match field.ty {
            Type::Text | Type::Data | Type::List(_) if field.default == Value::Zero => {
                quote!(if !#value.is_empty() { #write })
            }
            _ => write,
        }
    }

    /// An expression that fills a list builder: a `capnp::Result` of nothing, or nothing for lists of numbers.
    fn write_list(&self, element: &Type, list: &TokenStream, items: &TokenStream) -> TokenStream {
        match element {
            Type::Text => quote!(::dsoftbus::__private::set_texts(#list, #items)),
            Type::Data => quote!(::dsoftbus::__private::set_datas(#list, #items)),
            Type::Enum(_) => quote!(::dsoftbus::__private::set_enumerants(#list, #items)),
            Type::Struct(_) => {
                let ty = self.owned(element);
                quote!(::dsoftbus::__private::set_structs(#list, #items, #ty::write_to))
            }
            Type::List(inner) => {
                let bits = self.bits(inner);
                let write = self.write_list(inner, &quote!(__list), &quote!(__items));
                let write = match inner.as_ref() {
                    Type::Text | Type::Data | Type::Enum(_) | Type::Struct(_) | Type::List(_) => {
                        write
                    }
                    _ => quote!({ #write; ::core::result::Result::Ok(()) }),
                };
                quote!(::dsoftbus::__private::set_lists(#list, #items, #bits, |__list, __items| #write))
            }
            _ => quote!(::dsoftbus::__private::set_primitives(#list, #items)),
        }
    }

    /// An expression for the words a message with these values takes, as far as that is cheap to know.
    pub(super) fn size(&self, own: u32, values: &[(&Field, TokenStream)]) -> TokenStream {
        let mut words = own;
        let mut sizes = Vec::new();
        for (field, value) in values {
            match &field.ty {
                Type::Text | Type::Data => {
                    sizes.push(quote!(::dsoftbus::__private::words(#value.len())));
                }
                Type::List(element) => {
                    let bits = self.bits(element);
                    sizes.push(quote!(::dsoftbus::__private::list_words(#value.len(), #bits)));
                }
                Type::Struct(Named { id, .. }) => {
                    words = words.saturating_add(self.name_of(*id).words)
                }
                _ => {}
            }
        }
        let words = Literal::u32_unsuffixed(words);
        quote!(#words #(+ #sizes)*)
    }

    fn bits(&self, element: &Type) -> Literal {
        Literal::u32_unsuffixed(self.schema.list_bits(element))
    }
}

/// capnpc's accessor of a field.
fn accessor(verb: &str, field: &Field) -> Ident {
    format_ident!("{verb}_{}", names::raw_snake(&field.name))
}

/// A statement that uses a reader or builder where no field does: a value of type Void is not in the message.
pub(super) fn unless_read(fields: &[Field], value: &TokenStream) -> Option<TokenStream> {
    fields
        .iter()
        .all(|field| field.ty == Type::Void)
        .then(|| quote!(let _ = #value;))
}
