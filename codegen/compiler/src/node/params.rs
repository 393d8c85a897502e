//! Parameters and results of methods, which are structs.

use super::{Content, NodeRecord, Reference, StructRecord, Translator};
use crate::ast::{Expression, Located, MethodParam, ParamList, Span};
use crate::module::LoadError;
use crate::scope::{Body, Implicit, Kind, Lookup, Target};
use crate::type_id;

/// ID of `StreamResult` in `/capnp/stream.capnp`.
const STREAM_RESULT: u64 = 0x995f_9a33_77c0_b16e;

const STREAM_FILE: &str = "/capnp/stream.capnp";

impl<'a> Translator<'_, 'a> {
    /// The struct that a list of parameters or results is.
    pub(super) fn param_list(
        &mut self,
        method: &str,
        ordinal: u16,
        is_results: bool,
        list: Option<&'a ParamList>,
        implicit: &'a [Located<String>],
        interface: &NodeRecord<'a>,
    ) -> Reference {
        match list {
            None => self.param_struct(method, ordinal, is_results, &[], implicit, interface),
            Some(ParamList::Named(params, _)) => {
                self.param_struct(method, ordinal, is_results, params, implicit, interface)
            }
            Some(ParamList::Type(ty)) => self.param_type(ty, implicit).unwrap_or_default(),
            Some(ParamList::Stream(span)) => self.stream(*span),
        }
    }

    /// Makes a struct of named parameters. The generic parameters of the method are its own.
    fn param_struct(
        &mut self,
        method: &str,
        ordinal: u16,
        is_results: bool,
        params: &'a [MethodParam],
        implicit: &'a [Located<String>],
        interface: &NodeRecord<'a>,
    ) -> Reference {
        self.check_param_names(params);
        let id = type_id::method_params(interface.id, ordinal, is_results);
        let name = format!("{method}${}", if is_results { "Results" } else { "Params" });
        let display_name = self
            .scopes
            .full_name(self.node, &interface.display_name, '.', &name);
        let mut node = NodeRecord {
            id,
            prefix_length: display_name.len() - name.len(),
            display_name,
            scope_id: 0,
            parameters: implicit,
            is_generic: interface.is_generic || !implicit.is_empty(),
            nested: None,
            annotations: Vec::new(),
            content: Content::Struct(StructRecord::default()),
            source_id: 0,
            doc: None,
            member_docs: Vec::new(),
        };
        self.parameters(
            params,
            Implicit {
                scope_id: id,
                parameters: implicit,
            },
            &mut node,
        );
        self.aux.push(node);
        // The reference does not bind the parameters of the method in this brand, though it means to.
        let brand = self.brand.push(id, implicit.len());
        Reference {
            id,
            brand: self.scopes.brand(self.node, &brand, Span::default()),
        }
    }

    fn check_param_names(&mut self, params: &'a [MethodParam]) {
        let mut seen = std::collections::HashMap::new();
        for param in params {
            if let Some(first) = seen.insert(param.name.value.as_str(), param.name.span) {
                self.error(
                    param.name.span,
                    format!("'{}' is already defined in this list", param.name.value),
                );
                self.error(
                    first,
                    format!("'{}' is first defined here", param.name.value),
                );
            }
        }
    }

    fn param_type(
        &mut self,
        ty: &'a Expression,
        implicit: &[Located<String>],
    ) -> Option<Reference> {
        let branded = self.named(
            ty,
            Implicit {
                scope_id: 0,
                parameters: implicit,
            },
        )?;
        match &branded.body {
            Body::Decl(decl, brand) if matches!(decl.target, Target::Node(_, Kind::Struct)) => {
                Some(Reference {
                    id: decl.id,
                    brand: self.scopes.brand(self.node, brand, ty.span),
                })
            }
            Body::Decl(..) => {
                let text = self.scopes.text(self.node, ty.span);
                self.error(ty.span, format!("'{text}' is not a struct type"));
                None
            }
            Body::Parameter { .. } => {
                let hint = "use a list with one field of this type".to_owned();
                let message = "a generic parameter cannot be the whole input or output of a method";
                self.scopes
                    .error_with_hint(self.node, ty.span, message, Some(hint));
                None
            }
        }
    }

    fn stream(&mut self, span: Span) -> Reference {
        let file = self.scopes.node(self.node).file;
        match self.scopes.import(file, STREAM_FILE) {
            Ok(root) => {
                if !matches!(self.scopes.member(root, "StreamResult"), Lookup::Found(_)) {
                    let message = format!(
                        "'{STREAM_FILE}' on the import path is not the real one: it has no 'StreamResult'"
                    );
                    self.error(span, message);
                }
            }
            Err(LoadError::NotFound) => {
                self.error(
                    span,
                    format!("streaming needs '{STREAM_FILE}', which is not on the import path"),
                );
            }
            Err(LoadError::Refused(reason)) => {
                self.error(span, format!("streaming needs '{STREAM_FILE}': {reason}"));
            }
        }
        Reference {
            id: STREAM_RESULT,
            brand: crate::types::Brand::default(),
        }
    }
}
