//! Types of values, and reading and writing single fields by slot.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::Emitter;
use crate::model::{Field, Named, Param, Type, Value};
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
            Type::Enum(id) => self.native(self.name_of(*id)),
            Type::Struct(named) => self.generic(named, ""),
            Type::Interface(named) => self.generic(named, "Client"),
            Type::List(element) => {
                let element = self.owned(element);
                quote!(::std::vec::Vec<#element>)
            }
            Type::AnyPointer => quote!(::dsoftbus::AnyPointer),
            Type::Capability => quote!(::dsoftbus::Capability),
            Type::Parameter(param) => {
                let name = names::ident(&param.name);
                quote!(#name)
            }
            Type::Sink(item) => {
                let item = self.owned(item);
                quote!(::dsoftbus::Sink<#item>)
            }
            Type::Unsupported(what) => unreachable!("{what} passed the checks"),
        }
    }

    /// A struct, or the client of an interface, with what stands for its parameters.
    fn generic(&self, named: &Named, suffix: &str) -> TokenStream {
        let mut name = self.name_of(named.id).clone();
        name.name.push_str(suffix);
        let path = self.native(&name);
        let args = named.args.iter().map(|arg| self.owned(arg));
        let args = angled(args);
        quote!(#path #args)
    }

    /// The type of a field: a box where the struct would contain itself.
    pub(super) fn field_type(&self, field: &Field) -> TokenStream {
        let ty = self.owned(&field.ty);
        if field.boxed {
            quote!(::core::option::Option<::std::boxed::Box<#ty>>)
        } else {
            ty
        }
    }

    /// The type of a client's argument: numbers by value, everything larger borrowed.
    pub(super) fn borrowed(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Text => quote!(&str),
            Type::Data => quote!(&[u8]),
            Type::List(element) => {
                let element = self.owned(element);
                quote!(&[#element])
            }
            ty if ty.is_pointer() => {
                let owned = self.owned(ty);
                quote!(&#owned)
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

    /// An expression that reads a field, out of the `StructReader` called `reader`, into a value that owns itself.
    pub(super) fn read_owned(&self, field: &Field, reader: &TokenStream) -> TokenStream {
        let (offset, name) = (offset(field), &field.name);
        match (&field.ty, &field.default) {
            (Type::Text, Value::Text(text)) => {
                quote!(::std::string::String::from(#reader.text_or(#offset, #name, #text)?))
            }
            (Type::Data, Value::Data(bytes)) => {
                let bytes = Literal::byte_string(bytes);
                quote!(::std::vec::Vec::from(#reader.bytes_or(#offset, #name, #bytes)?))
            }
            (Type::Text | Type::Data, _) => quote!(#reader.pointer(#offset, #name)?),
            _ => self.read_received(field, reader),
        }
    }

    /// An expression that reads a field as a handler receives it.
    pub(super) fn read_received(&self, field: &Field, reader: &TokenStream) -> TokenStream {
        let (offset, name) = (offset(field), &field.name);
        if field.group.is_some() {
            return quote!(#reader.group()?);
        }
        if field.boxed {
            return quote!(#reader.boxed(#offset, #name)?);
        }
        match (&field.ty, &field.default) {
            (Type::Void, _) => quote!(()),
            (Type::Bool, _) => {
                let default = self.scalar(&field.ty, &field.default);
                quote!(#reader.bool(#offset, #default))
            }
            (Type::Enum(_), default) => {
                let default = ordinal(default);
                quote!(#reader.enumerant(#offset, #default))
            }
            (Type::Text, Value::Text(text)) => quote!(#reader.text_or(#offset, #name, #text)?),
            (Type::Text, _) => quote!(#reader.text(#offset, #name)?),
            (Type::Data, Value::Data(bytes)) => {
                let bytes = Literal::byte_string(bytes);
                quote!(#reader.bytes_or(#offset, #name, #bytes)?)
            }
            (Type::Data, _) => quote!(#reader.bytes(#offset, #name)?),
            (ty, Value::Pointer(words)) if ty.is_pointer() => {
                let words = message(words);
                quote!(#reader.pointer_or(#offset, #name, #words)?)
            }
            (ty, _) if ty.is_pointer() => quote!(#reader.pointer(#offset, #name)?),
            (ty, default) => {
                let default = self.scalar(ty, default);
                quote!(#reader.number(#offset, #default))
            }
        }
    }

    /// A statement that writes a field into the `StructBuilder` called `builder`. `value` is a place of the owned type, or a
    /// value of the borrowed one; it is only named, never moved.
    pub(super) fn write(
        &self,
        field: &Field,
        builder: &TokenStream,
        value: &TokenStream,
        borrowed: bool,
    ) -> TokenStream {
        let reference = if borrowed {
            quote!(#value)
        } else {
            quote!(&#value)
        };
        self.write_reference(field, builder, value, &reference)
    }

    /// The same, where a reference to the value is an expression of its own.
    pub(super) fn write_reference(
        &self,
        field: &Field,
        builder: &TokenStream,
        value: &TokenStream,
        reference: &TokenStream,
    ) -> TokenStream {
        let (offset, name) = (offset(field), &field.name);
        if field.group.is_some() {
            return quote!(#builder.group(#reference)?;);
        }
        if field.boxed {
            return quote!(#builder.boxed(#offset, #name, #value.as_deref())?;);
        }
        let default = &field.default;
        // An absent pointer reads as the default, so an empty value need not be written unless the default is another.
        let plain = *default == Value::Zero;
        match &field.ty {
            Type::Void => quote!(),
            Type::Bool => {
                let default = self.scalar(&field.ty, default);
                quote!(#builder.bool(#offset, #value, #default);)
            }
            Type::Enum(_) => {
                let default = ordinal(default);
                quote!(#builder.enumerant(#offset, #value, #default);)
            }
            Type::Text if plain => quote!(#builder.text(#offset, #name, #reference)?;),
            Type::Text => quote!(#builder.text_or(#offset, #name, #reference)?;),
            Type::Data if plain => quote!(#builder.bytes(#offset, #name, #reference)?;),
            Type::Data => quote!(#builder.bytes_or(#offset, #name, #reference)?;),
            Type::List(_) if plain => quote!(#builder.list(#offset, #name, #reference)?;),
            Type::List(_) => quote!(#builder.list_or(#offset, #name, #reference)?;),
            ty if ty.is_pointer() && plain => {
                quote!(#builder.pointer(#offset, #name, #reference)?;)
            }
            ty if ty.is_pointer() => quote!(#builder.pointer_or(#offset, #name, #reference)?;),
            ty => {
                let default = self.scalar(ty, default);
                quote!(#builder.number(#offset, #value, #default);)
            }
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
                    let bits = Literal::u32_unsuffixed(self.schema.list_bits(element));
                    sizes.push(quote!(::dsoftbus::__private::list_words(#value.len(), #bits)));
                }
                Type::Struct(Named { id, .. }) => {
                    words = words.saturating_add(self.name_of(*id).words);
                }
                _ => {}
            }
        }
        let words = Literal::u32_unsuffixed(words);
        quote!(#words #(+ #sizes)*)
    }
}

/// `<A, B>`, or nothing.
pub(super) fn angled(args: impl IntoIterator<Item = TokenStream>) -> Option<TokenStream> {
    let mut args = args.into_iter().peekable();
    args.peek().is_some().then(|| quote!(<#(#args),*>))
}

/// The parameters of a declaration: as they are declared in an `impl`, and as arguments.
pub(super) fn parameters(params: &[Param]) -> (Option<TokenStream>, Option<TokenStream>) {
    let idents: Vec<Ident> = params
        .iter()
        .map(|param| names::ident(&param.name))
        .collect();
    let bounded = idents
        .iter()
        .map(|ident| quote!(#ident: ::dsoftbus::Pointer));
    (
        angled(bounded),
        angled(idents.iter().map(|ident| quote!(#ident))),
    )
}

/// The size of a struct.
pub(super) fn struct_size(size: (u16, u16)) -> TokenStream {
    let (data, pointers) = (
        Literal::u16_unsuffixed(size.0),
        Literal::u16_unsuffixed(size.1),
    );
    quote!(::dsoftbus::__private::size(#data, #pointers))
}

/// A message that the schema holds, as a reference to its words.
pub(super) fn message(words: &[u64]) -> TokenStream {
    let words = words.iter().map(|word| match word {
        0..=9 => super::literal(&word.to_string()),
        _ => super::hex64(*word),
    });
    quote!(&const { ::dsoftbus::__private::message([#(#words),*]) })
}

/// A statement that uses a reader or builder where no field does: a value of type Void is not in the message.
pub(super) fn unless_read(fields: &[&Field], value: &TokenStream) -> Option<TokenStream> {
    fields
        .iter()
        .all(|field| field.ty == Type::Void)
        .then(|| quote!(let _ = #value;))
}

fn offset(field: &Field) -> Literal {
    Literal::u32_unsuffixed(field.offset)
}

fn ordinal(default: &Value) -> Literal {
    match default {
        Value::Enum(ordinal) => Literal::u16_unsuffixed(*ordinal),
        _ => Literal::u16_unsuffixed(0),
    }
}
