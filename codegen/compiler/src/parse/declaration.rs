//! Headers of declarations that stand in files and scopes.

use super::cursor::{Cursor, Parsed, Reported};
use super::statement::Level;
use crate::ast::{
    DeclId, DeclKind, Declaration, Expression, ExpressionKind, Located, Span, Targets,
};
use crate::lex::TokenKind;

/// Kinds of declarations that a file, a struct and an interface may contain.
const KEYWORDS: [&str; 6] = [
    "using",
    "const",
    "enum",
    "struct",
    "interface",
    "annotation",
];

impl Cursor<'_, '_, '_> {
    /// Everything of a statement before its `;` or `{`. What was read before an error stays in
    /// `declaration`.
    pub(super) fn header(&mut self, level: Level, declaration: &mut Declaration) -> Parsed<()> {
        match (level, self.kind()) {
            (Level::Enum, _) => return self.enumerant(declaration),
            (Level::File, TokenKind::Operator("@")) => {
                declaration.id = self.uid()?;
                declaration.name.span = self.previous();
                return Ok(());
            }
            (Level::File, TokenKind::Operator("$")) => {
                declaration.kind = DeclKind::NakedAnnotation;
                self.next();
                let annotation = self.annotation_application()?;
                declaration.annotations.push(annotation);
                return Ok(());
            }
            (Level::Struct | Level::Interface, TokenKind::Identifier(_)) => {
                // A member may be named like a keyword; what follows the name tells.
                let colon = matches!(self.ahead(1).kind, TokenKind::Operator(":"));
                if colon || matches!(self.ahead(1).kind, TokenKind::Operator("@")) {
                    return match level {
                        Level::Interface => self.method(declaration),
                        _ => self.struct_member(declaration),
                    };
                }
                if level == Level::Struct && self.at_keyword("union") {
                    return self.unnamed_union(declaration);
                }
            }
            _ => {}
        }
        self.scope_declaration(level, declaration)
    }

    fn scope_declaration(&mut self, level: Level, declaration: &mut Declaration) -> Parsed<()> {
        let keyword = match self.kind() {
            TokenKind::Identifier(word) if KEYWORDS.contains(word) => *word,
            _ => return Err(self.no_declaration(level)),
        };
        self.next();
        match keyword {
            "using" => self.using(declaration),
            "const" => self.constant(declaration),
            "enum" => self.enumeration(declaration),
            "struct" => self.structure(declaration),
            "interface" => self.interface(declaration),
            _ => self.annotation(declaration),
        }
    }

    /// Reports that no declaration begins here.
    fn no_declaration(&mut self, level: Level) -> Reported {
        let token = self.token();
        let hint = self.advice(level);
        let expected = match level {
            Level::File | Level::Enum => "a declaration",
            Level::Struct => "a field or declaration",
            Level::Interface => "a method or declaration",
        };
        if token.kind == TokenKind::Bad {
            return Reported;
        }
        let message = format!("expected {expected}, found {}", token.kind.describe());
        match hint {
            Some(hint) => self.sink.hint(token.span, message, hint),
            None => self.sink.error(token.span, message),
        }
        Reported
    }

    /// How to mend a statement that begins with no declaration.
    fn advice(&self, level: Level) -> Option<String> {
        let advice = match (&self.token().kind, level, &self.ahead(1).kind) {
            (TokenKind::Semicolon(_), ..) => "drop the semicolon",
            (TokenKind::Operator("@"), ..) => "the ID of a type stands after its name",
            (TokenKind::Operator("$"), ..) => "annotations of a type stand before its `{`",
            (TokenKind::Identifier("import"), _, TokenKind::Text(_)) => {
                "an import has a name: `using Name = import \"…\";`"
            }
            (TokenKind::Identifier("group"), Level::Struct, TokenKind::Identifier(_)) => {
                "a group is written `name :group { … }`"
            }
            (TokenKind::Identifier(_), Level::File, TokenKind::Operator("@" | ":")) => {
                "fields stand inside of a struct"
            }
            (TokenKind::Identifier(_), Level::Interface, TokenKind::OpenParen) => {
                "a method is written `name @0 (parameters) -> (results);`"
            }
            (TokenKind::Identifier(word), ..) => {
                let near = crate::diagnostic::nearest(word, KEYWORDS);
                return match near {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None if level == Level::Struct => {
                        Some("a field is written `name @0 :Type;`".to_owned())
                    }
                    None => None,
                };
            }
            _ => return None,
        };
        Some(advice.to_owned())
    }

    fn using(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Using {
            target: self.unknown(),
        };
        let named = matches!(self.kind(), TokenKind::Identifier(_))
            && matches!(self.ahead(1).kind, TokenKind::Operator("="));
        if named {
            declaration.name = self.identifier("a name")?;
            self.next();
        }
        let target = self.expression("what the name stands for")?;
        if !named {
            match &target.kind {
                ExpressionKind::Member { name, .. } => declaration.name = name.clone(),
                ExpressionKind::Unknown => return Err(Reported),
                _ => {
                    self.sink.hint(
                        target.span,
                        "a `using` without `=` must name a member of another scope",
                        "write `using Name = …`",
                    );
                    return Err(Reported);
                }
            }
        }
        declaration.kind = DeclKind::Using { target };
        Ok(())
    }

    fn constant(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let unknown = self.unknown();
        declaration.kind = DeclKind::Const {
            ty: unknown.clone(),
            value: unknown.clone(),
        };
        declaration.name = self.identifier("the name of the constant")?;
        self.optional_uid(declaration)?;
        self.expect_operator(":")?;
        let ty = self.expression("a type")?;
        declaration.kind = DeclKind::Const {
            ty: ty.clone(),
            value: unknown,
        };
        self.expect_operator("=")?;
        let value = self.expression("a value")?;
        declaration.kind = DeclKind::Const { ty, value };
        self.annotations(&mut declaration.annotations)
    }

    fn enumeration(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Enum;
        declaration.name = self.identifier("the name of the enum")?;
        self.optional_uid(declaration)?;
        self.annotations(&mut declaration.annotations)
    }

    fn structure(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Struct;
        declaration.name = self.identifier("the name of the struct")?;
        self.optional_uid(declaration)?;
        self.parameters(declaration, &TokenKind::OpenParen)?;
        self.annotations(&mut declaration.annotations)
    }

    fn interface(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        declaration.kind = DeclKind::Interface {
            superclasses: Vec::new(),
        };
        declaration.name = self.identifier("the name of the interface")?;
        self.optional_uid(declaration)?;
        self.parameters(declaration, &TokenKind::OpenParen)?;
        if self.take_keyword("extends") {
            if *self.kind() != TokenKind::OpenParen {
                return Err(self.unexpected_hint("`(`", Some("write `extends(Base)`".to_owned())));
            }
            let list = self.list(&TokenKind::CloseParen, |cursor| {
                cursor.expression("an interface")
            })?;
            let superclasses = list.value.into_iter().flatten().collect();
            declaration.kind = DeclKind::Interface { superclasses };
        }
        self.annotations(&mut declaration.annotations)
    }

    fn annotation(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        let targets = Targets::default();
        declaration.kind = DeclKind::Annotation {
            ty: self.unknown(),
            targets,
        };
        declaration.name = self.identifier("the name of the annotation")?;
        self.optional_uid(declaration)?;
        let targets = self.targets()?;
        declaration.kind = DeclKind::Annotation {
            ty: self.unknown(),
            targets,
        };
        self.expect_operator(":")?;
        let ty = self.expression("a type")?;
        declaration.kind = DeclKind::Annotation { ty, targets };
        self.annotations(&mut declaration.annotations)
    }

    fn targets(&mut self) -> Parsed<Targets> {
        if *self.kind() != TokenKind::OpenParen {
            let hint = "say what it applies to: `annotation name(struct, field) :Type;`";
            return Err(self.unexpected_hint("`(`", Some(hint.to_owned())));
        }
        let list = self.list(&TokenKind::CloseParen, |cursor| {
            if cursor.at_operator("*") {
                let span = cursor.next().span;
                return Ok(Located {
                    value: "*".to_owned(),
                    span,
                });
            }
            cursor.identifier("a target such as `struct`")
        })?;
        let alone = list.value.len() == 1;
        let wildcard = list
            .value
            .iter()
            .flatten()
            .any(|target| target.value == "*");
        let mut targets = Targets::default();
        for target in list.value.into_iter().flatten() {
            if target.value == "*" {
                if !alone {
                    self.sink
                        .error(target.span, "`*` means all targets and stands alone");
                }
                targets = Targets::ALL;
            } else if let Some(flag) = targets.by_name(&target.value) {
                if std::mem::replace(flag, true) && !wildcard {
                    self.sink.error(target.span, "this target is named twice");
                }
            } else {
                let message = format!("`{}` is no annotation target", target.value);
                let near = crate::diagnostic::nearest(&target.value, Targets::NAMES);
                match near {
                    Some(near) => {
                        self.sink
                            .hint(target.span, message, format!("did you mean `{near}`?"))
                    }
                    None => self.sink.hint(
                        target.span,
                        message,
                        format!("targets are {}", Targets::NAMES.join(", ")),
                    ),
                }
            }
        }
        Ok(targets)
    }

    /// Type parameters in brackets of either kind, if they are here.
    pub(super) fn parameters(
        &mut self,
        declaration: &mut Declaration,
        open: &TokenKind<'_>,
    ) -> Parsed<()> {
        if self.kind() != open {
            return Ok(());
        }
        let close = if *open == TokenKind::OpenParen {
            TokenKind::CloseParen
        } else {
            TokenKind::CloseBracket
        };
        let names = self.list(&close, |cursor| {
            cursor.identifier("the name of a type parameter")
        })?;
        declaration.parameters = names.value.into_iter().flatten().collect();
        Ok(())
    }

    fn optional_uid(&mut self, declaration: &mut Declaration) -> Parsed<()> {
        if self.at_operator("@") {
            declaration.id = self.uid()?;
        }
        Ok(())
    }

    /// `@0x…`, the sign of which is here.
    fn uid(&mut self) -> Parsed<DeclId> {
        let start = self.next().span;
        let Some(value) = self.number("an ID after `@`")? else {
            return Ok(DeclId::Unspecified);
        };
        let span = self.since(start);
        if value.value >> 63 == 0 {
            let hint = format!("here is a fresh one: @{:#018x}", crate::id::generate_id());
            self.sink
                .hint(span, "an ID has 64 bits and the top bit is set", hint);
        }
        Ok(DeclId::Uid(value))
    }

    /// The integer here; `None` if it was unreadable.
    pub(super) fn number(&mut self, what: &str) -> Parsed<Option<Located<u64>>> {
        let token = self.token();
        match token.kind {
            TokenKind::Integer(value) => {
                self.next();
                Ok(Some(Located {
                    value,
                    span: token.span,
                }))
            }
            TokenKind::Bad => {
                self.next();
                Ok(None)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// Stands where an expression should.
    pub(super) fn unknown(&self) -> Expression {
        let Span { start, .. } = self.token().span;
        Expression {
            kind: ExpressionKind::Unknown,
            span: Span { start, end: start },
        }
    }
}
