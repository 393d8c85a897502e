//! The module of an interface: constants, descriptors, nested types.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Emitter, docs, hex16, hex64};
use crate::model::{Interface, Method, Named, Param, Shape, Struct, Type, TypeName};
use crate::names;

/// The constants in the module of every interface. One with a channel has `CHANNEL`, too.
pub(crate) const INTERFACE_CONSTANTS: [&str; 5] =
    ["CHANNEL", "INTERFACE_ID", "NAME", "METHODS", "DESCRIPTOR"];

/// The constant that describes a method.
pub(crate) fn method_constant(name: &str) -> String {
    format!("METHOD_{}", names::screaming(name))
}

/// The type parameters of an interface: on a declaration, and where it is used.
pub(super) struct Generics {
    /// `T: ::dsoftbus::Pointer, U: ::dsoftbus::Pointer`
    pub(super) bounds: TokenStream,
    /// `T, U`
    pub(super) names: TokenStream,
    /// `<T: ::dsoftbus::Pointer, U: ::dsoftbus::Pointer>`, or nothing.
    pub(super) declared: TokenStream,
    /// `<T, U>`, or nothing.
    pub(super) used: TokenStream,
}

impl Generics {
    pub(super) fn of(name: &TypeName) -> Self {
        let idents: Vec<Ident> = name
            .params
            .iter()
            .map(|param| names::ident(&param.name))
            .collect();
        if idents.is_empty() {
            return Self {
                bounds: TokenStream::new(),
                names: TokenStream::new(),
                declared: TokenStream::new(),
                used: TokenStream::new(),
            };
        }
        let bounds = quote!(#(#idents: ::dsoftbus::Pointer),*);
        let names = quote!(#(#idents),*);
        Self {
            declared: quote!(<#bounds>),
            used: quote!(<#names>),
            bounds,
            names,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Emitter<'_> {
    /// `mod greeter`: constants, descriptors, nested types, structs of several results.
    pub(super) fn module(&self, body: &Interface) -> TokenStream {
        let module = names::ident(&body.name.module);
        let name = &body.name.name;
        let schema_name = body.name.place.path.as_str();
        let id = hex64(body.id);
        let doc = docs::plain(&format!(
            "Constants and nested types of [`{name}`](trait@{name})."
        ));
        let (channel, channel_value) = match body.channels.first() {
            Some(&channel) => {
                let channel = hex16(channel);
                (
                    Some(quote! {
                        /// Logical channel ID of the service.
                        pub const CHANNEL: u16 = #channel;
                    }),
                    quote!(::core::option::Option::Some(CHANNEL)),
                )
            }
            None => (None, quote!(::core::option::Option::None)),
        };
        let level = Literal::u8_unsuffixed(self.engines.engine(body).level);
        let schema = Literal::byte_string(
            self.options
                .schemas
                .get(&body.id)
                .map_or(&[], Vec::as_slice),
        );
        let methods: Vec<Ident> = body.methods.iter().map(method_ident).collect();
        let descriptors = body.methods.iter().map(|method| {
            let ident = method_ident(method);
            let doc = docs::plain(&format!("Describes `{}`.", method.name));
            let (name, ordinal) = (&method.name, Literal::u16_unsuffixed(method.ordinal));
            let streaming = method.streaming;
            quote! {
                #doc
                pub const #ident: ::dsoftbus::MethodDescriptor = ::dsoftbus::MethodDescriptor {
                    name: #name,
                    service: NAME,
                    interface_id: INTERFACE_ID,
                    ordinal: #ordinal,
                    streaming: #streaming,
                };
            }
        });
        let extends = body.supers.iter().map(|parent| {
            let module = self.module_of(parent);
            quote!(&#module::DESCRIPTOR)
        });
        let results = body
            .methods
            .iter()
            .filter_map(several_results)
            .flat_map(|results| {
                let mut items = self.structure(results);
                items.extend(self.pipeline(results));
                items
            });
        let nested = self.nested(&body.items);
        quote! {
            #doc
            pub mod #module {
                #channel
                /// ID of the Cap'n Proto interface.
                pub const INTERFACE_ID: u64 = #id;
                /// Name of the interface in its schema.
                pub const NAME: &str = #schema_name;
                #(#descriptors)*
                /// Every method, by ordinal.
                pub const METHODS: &[::dsoftbus::MethodDescriptor] = &[#(#methods),*];
                /// Describes the interface.
                pub const DESCRIPTOR: ::dsoftbus::ServiceDescriptor = ::dsoftbus::ServiceDescriptor {
                    name: NAME,
                    channel: #channel_value,
                    interface_id: INTERFACE_ID,
                    level: #level,
                    methods: METHODS,
                    extends: &[#(#extends),*],
                    schema: #schema,
                };
                #(#results)*
                #nested
            }
        }
    }

    /// Path to the module of an interface.
    pub(super) fn interface_module(&self, body: &Interface) -> TokenStream {
        self.path_in(&body.name, &body.name.module)
    }

    /// Path to the module of an interface that another one extends.
    pub(super) fn module_of(&self, named: &Named) -> TokenStream {
        let name = self.name_of(named.id);
        self.path_in(name, &name.module)
    }

    /// Path to what is named after a struct or interface and lies beside it: `XClient`, `XMock`, `XPipeline`, with nothing
    /// added the type or trait itself. Complete with type arguments.
    pub(super) fn beside(&self, named: &Named, suffix: &str) -> TokenStream {
        let name = self.name_of(named.id);
        let beside = format!("{}{suffix}", name.name);
        let path = self.path_in(name, &beside);
        let arguments = named.args.iter().map(|ty| self.owned(ty));
        if named.args.is_empty() {
            path
        } else {
            quote!(#path::<#(#arguments),*>)
        }
    }

    /// Every interface that this one extends, however far, once each.
    pub(super) fn ancestors(&self, body: &Interface) -> Vec<Named> {
        let mut found: Vec<Named> = Vec::new();
        let mut queue: Vec<Named> = body.supers.iter().rev().cloned().collect();
        while let Some(next) = queue.pop() {
            if found.iter().any(|parent| parent.id == next.id) {
                continue;
            }
            if let Some(parent) = self.engines.interfaces.get(&next.id) {
                queue.extend(parent.supers.iter().rev().map(|further| {
                    Named {
                        id: further.id,
                        args: further
                            .args
                            .iter()
                            .map(|ty| substituted(ty, &parent.name.params, &next.args))
                            .collect(),
                    }
                }));
            }
            found.push(next);
        }
        found
    }
}

/// A type in which `args` stand for `params`.
pub(super) fn substituted(ty: &Type, params: &[Param], args: &[Type]) -> Type {
    let named = |named: &Named| Named {
        id: named.id,
        args: named
            .args
            .iter()
            .map(|ty| substituted(ty, params, args))
            .collect(),
    };
    match ty {
        Type::Parameter(param) => params
            .iter()
            .position(|candidate| candidate == param)
            .and_then(|index| args.get(index))
            .unwrap_or(ty)
            .clone(),
        Type::List(element) => Type::List(Box::new(substituted(element, params, args))),
        Type::Sink(item) => Type::Sink(Box::new(substituted(item, params, args))),
        Type::Struct(inner) => Type::Struct(named(inner)),
        Type::Interface(inner) => Type::Interface(named(inner)),
        other => other.clone(),
    }
}

/// The struct of several inline results.
pub(super) fn several_results(method: &Method) -> Option<&Struct> {
    match &method.results {
        Shape::Inline(body) if body.fields.len() > 1 => Some(body),
        _ => None,
    }
}

pub(super) fn method_ident(method: &Method) -> Ident {
    format_ident!("{}", method_constant(&method.rust))
}
