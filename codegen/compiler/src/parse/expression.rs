//! Expressions: types, values and names alike.

use super::cursor::{Cursor, Parsed};
use crate::ast::{AnnotationApplication, Expression, ExpressionKind, Located, Param, Span};
use crate::lex::TokenKind;

/// An expression and how deep it nests.
struct Nested {
    expression: Expression,
    depth: usize,
}

impl Cursor<'_, '_, '_> {
    /// An expression; `what` it is called if there is none.
    pub(super) fn expression(&mut self, what: &str) -> Parsed<Expression> {
        Ok(self.nested_expression(what)?.expression)
    }

    /// `$name` or `$name(value)`, any number of times.
    pub(super) fn annotations(&mut self, into: &mut Vec<AnnotationApplication>) -> Parsed<()> {
        while self.take_operator("$") {
            let annotation = self.annotation_application()?;
            into.push(annotation);
        }
        Ok(())
    }

    /// What follows a `$`. The last application in it is the value's: `$a(T).b(x)` gives `x` to
    /// `a(T).b`.
    pub(super) fn annotation_application(&mut self) -> Parsed<AnnotationApplication> {
        let Expression { kind, span } = self.expression("the name of an annotation")?;
        Ok(match kind {
            ExpressionKind::Application {
                function,
                mut params,
            } => {
                let value = match params.as_slice() {
                    [Param { name: None, .. }] => params.pop().map(|param| param.value),
                    _ => {
                        let span = Span {
                            start: function.span.end,
                            end: span.end,
                        };
                        Some(Expression {
                            kind: ExpressionKind::Tuple(params),
                            span,
                        })
                    }
                };
                AnnotationApplication {
                    name: *function,
                    value,
                }
            }
            kind => AnnotationApplication {
                name: Expression { kind, span },
                value: None,
            },
        })
    }

    fn nested_expression(&mut self, what: &str) -> Parsed<Nested> {
        let start = self.token().span;
        let Nested {
            mut expression,
            mut depth,
        } = self.base(what)?;
        loop {
            let kind = if self.at_operator(".") {
                if self.depth + depth >= super::MAX_DEPTH {
                    return Err(self.too_deep());
                }
                self.next();
                let name = self.identifier("a name after `.`")?;
                ExpressionKind::Member {
                    parent: Box::new(expression),
                    name,
                }
            } else if *self.kind() == TokenKind::OpenParen {
                let (params, params_depth) = self.tuple()?;
                depth = depth.max(params_depth);
                if self.depth + depth >= super::MAX_DEPTH {
                    return Err(self.too_deep());
                }
                ExpressionKind::Application {
                    function: Box::new(expression),
                    params: params.value,
                }
            } else {
                return Ok(Nested { expression, depth });
            };
            depth += 1;
            expression = Expression {
                kind,
                span: self.since(start),
            };
        }
    }

    fn base(&mut self, what: &str) -> Parsed<Nested> {
        let token = self.token();
        let start = token.span;
        let kind = match &token.kind {
            TokenKind::Integer(value) => {
                self.next();
                ExpressionKind::PositiveInt(*value)
            }
            TokenKind::Float(value) => {
                self.next();
                ExpressionKind::Float(*value)
            }
            TokenKind::Text(_) => self.text(),
            TokenKind::Binary(value) => {
                self.next();
                ExpressionKind::Binary(value.clone())
            }
            TokenKind::Operator("-") => {
                self.next();
                self.negative()?
            }
            TokenKind::Operator(".") => {
                self.next();
                ExpressionKind::AbsoluteName(self.identifier("a name after `.`")?)
            }
            TokenKind::Identifier(name) => {
                self.next();
                match (*name, &self.token().kind) {
                    ("import", TokenKind::Text(path)) => ExpressionKind::Import(self.path(path)),
                    ("embed", TokenKind::Text(path)) => ExpressionKind::Embed(self.path(path)),
                    _ => {
                        let name = Located {
                            value: (*name).to_owned(),
                            span: start,
                        };
                        ExpressionKind::RelativeName(name)
                    }
                }
            }
            TokenKind::OpenBracket => return self.list_literal(),
            TokenKind::OpenParen => return self.parenthesised(),
            TokenKind::Bad => {
                self.next();
                ExpressionKind::Unknown
            }
            _ => return Err(self.unexpected(what)),
        };
        Ok(Nested {
            expression: Expression {
                kind,
                span: self.since(start),
            },
            depth: 0,
        })
    }

    /// What follows a minus sign.
    fn negative(&mut self) -> Parsed<ExpressionKind> {
        let kind = match self.kind() {
            TokenKind::Integer(value) => ExpressionKind::NegativeInt(*value),
            TokenKind::Float(value) => ExpressionKind::Float(-value),
            TokenKind::Identifier("inf") => ExpressionKind::Float(f64::NEG_INFINITY),
            TokenKind::Bad => ExpressionKind::Unknown,
            _ => return Err(self.unexpected("a number after `-`")),
        };
        self.next();
        Ok(kind)
    }

    /// Text literals in a row are one.
    fn text(&mut self) -> ExpressionKind {
        let mut bytes = Vec::new();
        while let TokenKind::Text(part) = self.kind() {
            bytes.extend_from_slice(part);
            self.next();
        }
        ExpressionKind::String(bytes)
    }

    /// The path of an import or embed.
    fn path(&mut self, path: &[u8]) -> Located<String> {
        let span = self.next().span;
        let value = String::from_utf8(path.to_vec()).unwrap_or_else(|error| {
            self.sink.error(span, "a path is UTF-8 text");
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Located { value, span }
    }

    fn list_literal(&mut self) -> Parsed<Nested> {
        let mut depth = 0;
        let elements = self.list(&TokenKind::CloseBracket, |cursor| {
            let element = cursor.nested_expression("a value")?;
            depth = depth.max(element.depth);
            Ok(element.expression)
        })?;
        let span = elements.span;
        let unknown = || Expression {
            kind: ExpressionKind::Unknown,
            span,
        };
        let list = elements
            .value
            .into_iter()
            .map(|element| element.unwrap_or_else(unknown));
        let expression = Expression {
            kind: ExpressionKind::List(list.collect()),
            span,
        };
        Ok(Nested {
            expression,
            depth: depth + 1,
        })
    }

    /// `(x)` is `x`; anything else in parentheses is a tuple.
    fn parenthesised(&mut self) -> Parsed<Nested> {
        let (mut tuple, depth) = self.tuple()?;
        if let [Param { name: None, .. }] = tuple.value.as_slice()
            && let Some(param) = tuple.value.pop()
        {
            return Ok(Nested {
                expression: param.value,
                depth,
            });
        }
        let kind = ExpressionKind::Tuple(tuple.value);
        Ok(Nested {
            expression: Expression {
                kind,
                span: tuple.span,
            },
            depth: depth + 1,
        })
    }

    /// `(a, b = c)` and how deep its values nest.
    fn tuple(&mut self) -> Parsed<(Located<Vec<Param>>, usize)> {
        let mut depth = 0;
        let params = self.list(&TokenKind::CloseParen, |cursor| {
            let named = matches!(cursor.kind(), TokenKind::Identifier(_))
                && matches!(cursor.ahead(1).kind, TokenKind::Operator("="));
            let name = if named {
                let name = cursor.identifier("a name")?;
                cursor.next();
                Some(name)
            } else {
                None
            };
            let value = cursor.nested_expression("a value")?;
            depth = depth.max(value.depth);
            Ok(Param {
                name,
                value: value.expression,
            })
        })?;
        let span = params.span;
        let unknown = || Param {
            name: None,
            value: Expression {
                kind: ExpressionKind::Unknown,
                span,
            },
        };
        let value = params
            .value
            .into_iter()
            .map(|param| param.unwrap_or_else(unknown))
            .collect();
        Ok((Located { value, span }, depth))
    }
}
