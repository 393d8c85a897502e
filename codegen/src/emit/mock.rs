//! Mocks: services that record calls and answer what a test told them to.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::interface::{Generics, substituted};
use super::server::server_arguments;
use super::{Emitter, docs};
use crate::model::{Interface, Method, Named, Type};
use crate::names;

impl Emitter<'_> {
    /// `GreeterMock`.
    pub(super) fn mock(&self, body: &Interface) -> Vec<TokenStream> {
        let mock = format_ident!("{}Mock", body.name.name);
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let generics = Generics::of(&body.name);
        let (declared, used) = (&generics.declared, &generics.used);
        let doc = docs::plain(&format!(
            "A [`{0}`](trait@{0}) for tests: each field records the calls of a method and gives the answers it was told to. \
             Clones share everything.",
            body.name.name
        ));
        let methods: Vec<&Method> = body.methods.iter().collect();
        let fields: Vec<Ident> = methods.iter().map(|method| ident(method)).collect();
        let field_docs = methods
            .iter()
            .map(|method| docs::plain(&format!("Calls of `{}`.", method.name)));
        let types = methods.iter().map(|method| self.mock_method(method));
        let labels = methods
            .iter()
            .map(|method| format!("{}.{}", body.name.place.path, method.name));
        let mut parents: Vec<MockedParent> = Vec::new();
        for parent in self.ancestors(body) {
            let mut field = names::snake(&self.name_of(parent.id).name);
            // A method may be called as what its interface extends is, and two of these may have one name.
            while fields.iter().any(|other| *other == names::ident(&field))
                || parents
                    .iter()
                    .any(|other| other.field == names::ident(&field))
            {
                field.push('_');
            }
            parents.push(self.mocked_parent(&parent, names::ident(&field)));
        }
        let parent_fields = parents.iter().map(|parent| {
            let (field, ty, name) = (&parent.field, &parent.ty, &parent.name);
            let doc = docs::plain(&format!("The methods of `{name}`, which this extends."));
            quote!(#doc pub #field: #ty)
        });
        let parent_values = parents.iter().map(|parent| {
            let (field, ty) = (&parent.field, &parent.ty);
            quote!(#field: #ty::default())
        });
        let own = self.mocked_methods(body);
        let name = names::ident(&body.name.name);
        let inherited = parents.iter().map(|parent| {
            let (path, methods) = (&parent.path, &parent.methods);
            quote!(impl #declared #path for #mock #used { #methods })
        });
        let turbofish = if generics.is_empty() {
            TokenStream::new()
        } else {
            let names = &generics.names;
            quote!(::<Self, #names>)
        };
        // Clippy would have an empty one derived.
        let empty = methods.is_empty() && parents.is_empty();
        let derived = empty.then(|| quote!(, Default));
        let mut items = vec![quote! {
            #doc
            #[derive(Clone, Debug #derived)]
            pub struct #mock #used {
                #(#field_docs pub #fields: #types,)*
                #(#parent_fields,)*
            }
        }];
        if !empty {
            items.push(quote! {
                impl #declared ::core::default::Default for #mock #used {
                    #[inline]
                    fn default() -> Self {
                        Self {
                            #(#fields: ::dsoftbus::testing::MockMethod::new(#labels),)*
                            #(#parent_values,)*
                        }
                    }
                }
            });
        }
        items.push(quote!(impl #declared #name #used for #mock #used { #own }));
        items.extend(inherited);
        items.push(quote! {
            impl #declared ::dsoftbus::Service for #mock #used {
                #[inline]
                fn skeletons(self: ::std::sync::Arc<Self>) -> ::std::vec::Vec<::std::sync::Arc<dyn ::dsoftbus::Skeleton>> {
                    ::std::vec![::std::sync::Arc::new(#skeleton #turbofish::new(self))]
                }
            }
        });
        items
    }

    fn mock_method(&self, method: &Method) -> TokenStream {
        let arguments = server_arguments(method)
            .into_iter()
            .map(|(_, ty)| self.owned(&ty));
        let output = self.output(method);
        quote!(::dsoftbus::testing::MockMethod<(#(#arguments,)*), #output>)
    }

    fn mocked_methods(&self, body: &Interface) -> TokenStream {
        let methods = body.methods.iter().map(|method| {
            let ident = ident(method);
            let arguments = server_arguments(method);
            let kept = arguments.iter().map(|(argument, ty)| match ty {
                Type::Text => quote!(::std::string::String::from(#argument)),
                Type::Data => quote!(<[u8]>::to_vec(#argument)),
                _ => quote!(#argument),
            });
            let signature = arguments.iter().map(|(argument, ty)| {
                let ty = self.received(ty);
                quote!(#argument: #ty)
            });
            let output = self.output(method);
            quote! {
                #[inline]
                async fn #ident(&self, _: &::dsoftbus::Context, #(#signature),*) -> ::dsoftbus::Result<#output> {
                    self.#ident.call((#(#kept,)*))
                }
            }
        });
        quote!(#(#methods)*)
    }

    /// The methods of an interface that the mocked one extends go to a mock of their own.
    fn mocked_parent(&self, named: &Named, field: Ident) -> MockedParent {
        let name = self.name_of(named.id);
        let ty = self.beside(named, "Mock");
        let path = self.beside(named, "");
        let body = self.engines.interfaces.get(&named.id);
        let methods = body.iter().flat_map(|body| &body.methods).map(|method| {
            let ident = ident(method);
            let arguments = server_arguments(method);
            let signature = arguments.iter().map(|(argument, ty)| {
                let known = substituted(ty, &name.params, &named.args);
                // The trait knows only the parameter, which it takes as a value of its own whatever stands for it.
                let ty = match ty {
                    Type::Parameter(_) => self.owned(&known),
                    _ => self.received(&known),
                };
                quote!(#argument: #ty)
            });
            let passed = arguments.iter().map(|(argument, _)| argument);
            let output = self.output_with(method, &name.params, &named.args);
            quote! {
                #[inline]
                async fn #ident(&self, cx: &::dsoftbus::Context, #(#signature),*) -> ::dsoftbus::Result<#output> {
                    #path::#ident(&self.#field, cx, #(#passed),*).await
                }
            }
        });
        MockedParent {
            methods: quote!(#(#methods)*),
            field,
            ty,
            path,
            name: name.name.clone(),
        }
    }
}

/// An interface that the mocked one extends.
struct MockedParent {
    field: Ident,
    ty: TokenStream,
    path: TokenStream,
    methods: TokenStream,
    name: String,
}

fn ident(method: &Method) -> Ident {
    names::ident(&names::method(&method.rust))
}
