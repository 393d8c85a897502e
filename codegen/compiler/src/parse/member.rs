//! Headers of members: enumerants, fields, unions, groups and methods.

use super::cursor::{Cursor, Parsed};
use crate::ast::{DeclId, DeclKind, Declaration, Expression, MethodParam, ParamList};
use crate::lex::TokenKind;

/// Largest ordinal of a member.
const MAX_ORDINAL: u64 = 65_535;

impl Cursor<'_, '_, '_> {
    /// `name @n`
    pub(super) fn enumerant(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Enumerant;
        declaration.name = self.identifier("the name of an enumerant")?;
        self.expect_ordinal(declaration, "an enumerant is written `name @0;`")?;
        self.annotations(&mut declaration.annotations)
    }

    /// `union`, alone before its block. Its place is the keyword's.
    pub(super) fn unnamed_union(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Union;
        self.next();
        if !self.ends_statement() {
            let hint = match self.kind() {
                TokenKind::Identifier(_) => "a union with a name is written `name :union { … }`",
                _ => "a union without a name has neither number nor annotations",
            };
            return Err(self.unexpected_hint("`{`", Some(hint.to_owned())));
        }
        Ok(())
    }

    /// A field, a named union or a group: a name with `@` or `:` behind it.
    pub(super) fn struct_member(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let unknown = self.unknown();
        declaration.kind = DeclKind::Field {
            ty: unknown,
            default: None,
        };
        declaration.name = self.identifier("the name of a field")?;
        let numbered = self.at_operator("@");
        if numbered {
            self.ordinal(declaration)?;
        }
        let exclaimed = numbered && self.take_operator("!");
        let colon = self.take_operator(":");
        if self.at_keyword("union") && self.block_follows() {
            return self.named_union(declaration, exclaimed, colon);
        }
        if exclaimed {
            return Err(self.unexpected("`union` after `!`"));
        }
        if self.at_keyword("group") && (!numbered || self.block_follows()) {
            if numbered {
                self.sink.hint(
                    declaration.name.span,
                    "a group has no number",
                    format!("write `{} :group`", declaration.name.value),
                );
                declaration.id = DeclId::Unspecified;
            }
            self.next();
            declaration.kind = DeclKind::Group;
            return self.annotations(&mut declaration.annotations);
        }
        if !numbered {
            let hint = format!(
                "write `{} @0 :Type;` with the next free number",
                declaration.name.value
            );
            self.sink
                .hint(declaration.name.span, "the field has no number", hint);
        }
        if !colon {
            return Err(self.unexpected_hint(
                "`:`",
                Some("a field is written `name @0 :Type;`".to_owned()),
            ));
        }
        self.field_type(declaration)
    }

    fn field_type(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let ty = self.expression("a type")?;
        declaration.kind = DeclKind::Field {
            ty: ty.clone(),
            default: None,
        };
        let default = self.default_value()?;
        declaration.kind = DeclKind::Field { ty, default };
        self.annotations(&mut declaration.annotations)
    }

    /// Whether the word here is the last of a header, so that it is a keyword and no type.
    fn block_follows(&self) -> bool {
        matches!(
            self.ahead(1).kind,
            TokenKind::OpenBrace(_) | TokenKind::Semicolon(_) | TokenKind::Operator("$")
        )
    }

    fn named_union(
        &mut self,
        declaration: &mut Declaration,
        exclaimed: bool,
        colon: bool,
    ) -> Parsed<()> {
        declaration.kind = DeclKind::Union;
        if let DeclId::Ordinal(ordinal) = &declaration.id {
            let (name, number, span) = (&declaration.name.value, ordinal.value, ordinal.span);
            if !exclaimed {
                let hint = format!(
                    "drop the number, or write `{name} @{number}! :union` to stay compatible with a protocol that had it"
                );
                self.sink.hint(span, "a union needs no number", hint);
            }
            if !colon {
                let hint = format!("write `{name} @{number}! :union`");
                self.sink
                    .hint(span, "`union` is written like a type, after a colon", hint);
            }
        }
        self.next();
        self.annotations(&mut declaration.annotations)
    }

    /// `name @n [T] (params) -> (results)`
    pub(super) fn method(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let unknown = ParamList::Type(self.unknown());
        declaration.kind = DeclKind::Method {
            params: unknown,
            results: None,
        };
        declaration.name = self.identifier("the name of a method")?;
        self.expect_ordinal(
            declaration,
            "a method is written `name @0 (parameters) -> (results);`",
        )?;
        self.parameters(declaration, &TokenKind::OpenBracket)?;
        let params = self.param_list("parameters")?;
        declaration.kind = DeclKind::Method {
            params: params.clone(),
            results: None,
        };
        if self.take_operator("->") {
            let results = Some(self.param_list("results")?);
            declaration.kind = DeclKind::Method { params, results };
        }
        self.annotations(&mut declaration.annotations)
    }

    /// `(name :Type, …)`, `stream` or a struct type.
    fn param_list(&mut self, what: &str) -> Parsed<ParamList> {
        if *self.kind() == TokenKind::OpenParen {
            let list = self.list(&TokenKind::CloseParen, Self::method_param)?;
            return Ok(ParamList::Named(
                list.value.into_iter().flatten().collect(),
                list.span,
            ));
        }
        if self.at_keyword("stream") {
            return Ok(ParamList::Stream(self.next().span));
        }
        Ok(ParamList::Type(self.expression(what)?))
    }

    /// `name :Type = default $annotation`
    fn method_param(&mut self) -> Parsed<MethodParam> {
        let start = self.token().span;
        let name = self.identifier("the name of a parameter")?;
        if !self.take_operator(":") {
            let hint = format!(
                "a parameter is written `{} :Type`",
                lower_first(&name.value)
            );
            return Err(self.unexpected_hint("`:`", Some(hint)));
        }
        let ty = self.expression("a type")?;
        let default = self.default_value()?;
        let mut annotations = Vec::new();
        self.annotations(&mut annotations)?;
        Ok(MethodParam {
            name,
            ty,
            annotations,
            default,
            span: self.since(start),
        })
    }

    fn default_value(&mut self) -> Parsed<Option<Expression>> {
        if self.take_operator("=") {
            return self.expression("a value").map(Some);
        }
        Ok(None)
    }

    fn expect_ordinal(&mut self, declaration: &mut Declaration, hint: &str) -> Parsed<()> {
        if self.at_operator("@") {
            return self.ordinal(declaration);
        }
        Err(self.unexpected_hint("`@` and a number", Some(hint.to_owned())))
    }

    /// `@n`, the sign of which is here.
    fn ordinal(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let start = self.next().span;
        let Some(value) = self.number("a number after `@`")? else {
            return Ok(());
        };
        if value.value > MAX_ORDINAL {
            let span = self.since(start);
            self.sink
                .error(span, format!("numbers of members end at {MAX_ORDINAL}"));
            return Ok(());
        }
        declaration.id = DeclId::Ordinal(value);
        Ok(())
    }
}

/// The name with a small first letter.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
