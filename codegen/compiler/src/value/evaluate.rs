//! From expressions to values.

use std::rc::Rc;

use crate::ast::{Expression, ExpressionKind, Located, Param, Span};
use crate::types::{AnyPointer, FieldShapeKind, Names, StructShape, Type};

use super::found::{Fit, Found, type_name};
use super::structs::Draft;
use super::{Budget, Encoding, ListValue, MAX_DEPTH, StructValue, Value, embed, words};

/// Evaluates `source` as a value of type `ty`. `None` if that fails, which was reported then.
///
/// With `primitive_only`, constants of pointer type need not have their value yet: see [`Names::constant`]. The recursion is as deep as the
/// expression, which the parser limits.
pub fn compile(
    names: &mut dyn Names,
    budget: &mut Budget,
    source: &Expression,
    ty: &Type,
    primitive_only: bool,
) -> Option<Value> {
    // The reference tells the kinds of pointers apart in the fields of a struct value, and not here.
    let any = Type::AnyPointer(AnyPointer::Any);
    let ty = match ty {
        Type::AnyPointer(AnyPointer::Struct | AnyPointer::List | AnyPointer::Capability) => &any,
        ty => ty,
    };
    Evaluator {
        names,
        budget,
        primitive_only,
    }
    .value(source, ty)
}

struct Evaluator<'a> {
    names: &'a mut dyn Names,
    budget: &'a mut Budget,
    primitive_only: bool,
}

impl Evaluator<'_> {
    fn value(&mut self, source: &Expression, ty: &Type) -> Option<Value> {
        if let Type::AnyPointer(
            AnyPointer::Parameter { .. } | AnyPointer::ImplicitMethodParameter { .. },
        ) = ty
        {
            let message = "the type of this value is a generic parameter, so that nothing says how to read it";
            self.names.error(source.span, message.to_owned(), None);
            return None;
        }
        let found = self.found(source, ty)?;
        match found.fit(ty) {
            Fit::Value(value) => Some(value),
            Fit::OutOfRange => self.out_of_range(source.span, ty),
            Fit::Mismatch => self.first_field(source, &found, ty),
        }
    }

    /// A value in the place of a struct stands for the struct with its first field set to that value.
    fn first_field(&mut self, source: &Expression, found: &Found, ty: &Type) -> Option<Value> {
        let Type::Struct { id, brand } = ty else {
            return self.mismatch(source.span, ty, Some(found));
        };
        let shape = self.names.structure(*id, brand)?;
        let first = shape.fields.first();
        let Some((field, FieldShapeKind::Slot { ty: inner, .. })) =
            first.map(|field| (field, &field.kind))
        else {
            return self.mismatch(source.span, ty, Some(found));
        };
        match found.fit(inner) {
            Fit::Value(value) => {
                let mut draft = self.draft(source.span, &shape)?;
                draft.set(&shape, field, value);
                self.finish(source.span, draft)
            }
            Fit::OutOfRange => self.out_of_range(source.span, inner),
            Fit::Mismatch => self.mismatch(source.span, ty, Some(found)),
        }
    }

    /// Evaluates `source` by itself. `ty` decides only what would be ambiguous without it.
    fn found(&mut self, source: &Expression, ty: &Type) -> Option<Found> {
        match &source.kind {
            ExpressionKind::Unknown => None,
            ExpressionKind::RelativeName(name) => self.bare_name(source, name, ty),
            ExpressionKind::AbsoluteName(_)
            | ExpressionKind::Import(_)
            | ExpressionKind::Application { .. }
            | ExpressionKind::Member { .. } => self.constant(source),
            ExpressionKind::PositiveInt(value) => Some(Found::UInt(*value)),
            ExpressionKind::NegativeInt(magnitude) => {
                let value = 0_i64.checked_sub_unsigned(*magnitude);
                if value.is_none() {
                    self.names.error(
                        source.span,
                        "the number is less than that of any integer type".to_owned(),
                        None,
                    );
                }
                value.map(Found::Int)
            }
            ExpressionKind::Float(value) => Some(Found::Float(*value)),
            ExpressionKind::String(text) => {
                let bytes = self.bytes(source.span, text)?;
                Some(if *ty == Type::Data {
                    Found::Data(bytes)
                } else {
                    Found::Text(bytes)
                })
            }
            ExpressionKind::Binary(data) if *ty == Type::Data => {
                Some(Found::Data(self.bytes(source.span, data)?))
            }
            ExpressionKind::List(elements) => match ty {
                Type::List(element) => self.list(source.span, elements, element, ty),
                _ => self.mismatch(source.span, ty, None),
            },
            ExpressionKind::Tuple(params) => match ty {
                Type::Struct { id, brand } => {
                    let shape = self.names.structure(*id, brand)?;
                    let mut draft = self.draft(source.span, &shape)?;
                    let complete = self.fill(&mut draft, &shape, params);
                    let value = self.finish(source.span, draft)?;
                    complete.then(|| Found::Typed(ty.clone(), value))
                }
                _ => self.mismatch(source.span, ty, None),
            },
            ExpressionKind::Embed(path) => self.embed(source.span, path, ty),
            ExpressionKind::Binary(_) => self.mismatch(source.span, ty, None),
        }
    }

    fn bare_name(
        &mut self,
        source: &Expression,
        name: &Located<String>,
        ty: &Type,
    ) -> Option<Found> {
        let Type::Enum { id, .. } = ty else {
            return match name.value.as_str() {
                "void" => Some(Found::Void),
                "true" => Some(Found::Bool(true)),
                "false" => Some(Found::Bool(false)),
                "nan" => Some(Found::Float(f64::NAN)),
                "inf" => Some(Found::Float(f64::INFINITY)),
                _ => self.constant(source),
            };
        };
        let enumerants = self.names.enumerants(*id)?;
        if let Some(ordinal) = (0..)
            .zip(enumerants.iter())
            .find(|(_, known)| **known == name.value)
            .map(|(ordinal, _)| ordinal)
        {
            return Some(Found::Typed(ty.clone(), Value::Enum(ordinal)));
        }
        // A constant would have to be qualified, so an enumerant was meant.
        let message = format!(
            "`{}` is not an enumerant of `{}`",
            name.value,
            self.names.node_name(*id)
        );
        let hint = crate::diagnostic::nearest(&name.value, enumerants.iter().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"));
        self.names.error(source.span, message, hint);
        None
    }

    fn constant(&mut self, source: &Expression) -> Option<Found> {
        let (ty, value) = self.names.constant(source, self.primitive_only)?;
        self.spend(source.span, value.cost().words)?;
        Some(Found::constant(ty, value))
    }

    fn list(
        &mut self,
        span: Span,
        sources: &[Expression],
        element: &Type,
        ty: &Type,
    ) -> Option<Found> {
        if let Type::AnyPointer(_) = element {
            let message = "a list of pointers of unknown type has no value";
            self.names.error(span, message.to_owned(), None);
            return None;
        }
        self.spend(span, sources.len() as u64 + 1)?;
        let encoding = self.encoding(element)?;
        // All of them, so that the errors of all are reported.
        let elements: Vec<_> = sources
            .iter()
            .map(|source| self.value(source, element))
            .collect();
        let list = ListValue::new(encoding, elements.into_iter().collect::<Option<_>>()?);
        let value = Value::List(Some(Rc::new(list)));
        self.check_depth(span, &value)?;
        Some(Found::Typed(ty.clone(), value))
    }

    fn encoding(&mut self, element: &Type) -> Option<Encoding> {
        Some(match element {
            Type::Void => Encoding::Void,
            Type::Struct { id, brand } => {
                let shape = self.names.structure(*id, brand)?;
                Encoding::Struct {
                    data_words: shape.data_words,
                    pointers: shape.pointers,
                }
            }
            ty => match Value::default_of(ty).bits() {
                Some((lg, _)) => Encoding::Data {
                    lg: u8::try_from(lg).unwrap_or_default(),
                },
                None => Encoding::Pointer,
            },
        })
    }

    /// Sets the fields that a tuple names. `false` if there were errors.
    fn fill(&mut self, draft: &mut Draft, shape: &StructShape, params: &[Param]) -> bool {
        let mut complete = true;
        for param in params {
            complete &= self.fill_one(draft, shape, param).is_some();
        }
        complete
    }

    fn fill_one(&mut self, draft: &mut Draft, shape: &StructShape, param: &Param) -> Option<()> {
        let Some(name) = &param.name else {
            let hint = shape
                .fields
                .first()
                .map(|field| format!("write `{} = …`", field.name));
            self.names
                .error(param.value.span, "missing field name".to_owned(), hint);
            return None;
        };
        let Some(field) = shape.fields.iter().find(|field| field.name == name.value) else {
            let message = format!("`{}` has no field `{}`", shape.name, name.value);
            let known = shape.fields.iter().map(|field| field.name.as_str());
            let hint = crate::diagnostic::nearest(&name.value, known)
                .map(|near| format!("did you mean `{near}`?"));
            self.names.error(name.span, message, hint);
            return None;
        };
        match &field.kind {
            FieldShapeKind::Slot { ty, .. } => {
                let value = self.value(&param.value, ty)?;
                draft.set(shape, field, value);
            }
            FieldShapeKind::Group { shape: group } => {
                draft.clear(shape, field);
                match &param.value.kind {
                    ExpressionKind::Tuple(params) => {
                        return self.fill(draft, group, params).then_some(());
                    }
                    _ => self.fill_group(draft, group, &param.value)?,
                }
            }
        }
        Some(())
    }

    /// A value in the place of a group stands for the group with its first field set to that value.
    fn fill_group(
        &mut self,
        draft: &mut Draft,
        group: &StructShape,
        source: &Expression,
    ) -> Option<()> {
        // Nothing is ambiguous that may stand here.
        let found = self.found(source, &Type::Void)?;
        if let Some((field, FieldShapeKind::Slot { ty, .. })) =
            group.fields.first().map(|field| (field, &field.kind))
        {
            match found.fit(ty) {
                Fit::Value(value) => {
                    draft.set(group, field, value);
                    return Some(());
                }
                Fit::OutOfRange => return self.out_of_range(source.span, ty),
                Fit::Mismatch => {}
            }
        }
        let what = found.describe(self.names);
        self.names.error(
            source.span,
            format!(
                "type mismatch: expected the group `{}`, found {what}",
                group.name
            ),
            None,
        );
        None
    }

    fn embed(&mut self, span: Span, path: &Located<String>, ty: &Type) -> Option<Found> {
        if !matches!(ty, Type::Text | Type::Data | Type::Struct { .. }) {
            let message = "a file can be embedded only where Text, Data or a struct is expected";
            self.names.error(span, message.to_owned(), None);
            return None;
        }
        let bytes = self.names.embed(path)?;
        if let Type::Struct { id, brand } = ty {
            let shape = self.names.structure(*id, brand)?;
            // A message of many small lists takes more space in memory than in the file, so it is counted while it is read.
            let limit = self.budget.words;
            return match embed::root(&bytes, limit) {
                Ok(value) => {
                    let value: StructValue = value;
                    // An older program may have written it, whose struct was smaller.
                    let value = value.at_least(shape.data_words, shape.pointers);
                    self.spend(span, value.cost.words)?;
                    Some(Found::Typed(
                        ty.clone(),
                        Value::Struct(Some(Rc::new(value))),
                    ))
                }
                Err(error) => {
                    self.names.error(
                        span,
                        format!("the embedded file is not a Cap'n Proto message: {error}"),
                        None,
                    );
                    None
                }
            };
        }
        self.spend(span, words(bytes.len() + 1))?;
        Some(if *ty == Type::Text {
            Found::Text(bytes)
        } else {
            Found::Data(bytes)
        })
    }

    fn bytes(&mut self, span: Span, bytes: &[u8]) -> Option<Rc<[u8]>> {
        self.spend(span, words(bytes.len() + 1))?;
        Some(bytes.into())
    }

    fn draft(&mut self, span: Span, shape: &StructShape) -> Option<Draft> {
        self.spend(
            span,
            u64::from(shape.data_words) + u64::from(shape.pointers) + 1,
        )?;
        Some(Draft::new(shape))
    }

    fn finish(&mut self, span: Span, draft: Draft) -> Option<Value> {
        let value = draft.finish();
        self.check_depth(span, &value)?;
        Some(value)
    }

    fn check_depth(&mut self, span: Span, value: &Value) -> Option<()> {
        if value.cost().depth > MAX_DEPTH {
            self.names.error(
                span,
                format!("the value nests deeper than {MAX_DEPTH} levels"),
                None,
            );
            return None;
        }
        Some(())
    }

    fn spend(&mut self, span: Span, words: u64) -> Option<()> {
        if self.budget.take(words) {
            return Some(());
        }
        if !std::mem::replace(&mut self.budget.reported, true) {
            let message = "the values of this compilation take more memory than is allowed";
            self.names.error(span, message.to_owned(), None);
        }
        None
    }

    fn mismatch<T>(&mut self, span: Span, ty: &Type, found: Option<&Found>) -> Option<T> {
        let mut message = format!("type mismatch: expected `{}`", type_name(ty, self.names));
        if let Some(found) = found {
            message += ", found ";
            message += &found.describe(self.names);
        }
        self.names.error(span, message, None);
        None
    }

    fn out_of_range<T>(&mut self, span: Span, ty: &Type) -> Option<T> {
        let range = match ty {
            Type::Int8 => Some((i128::from(i8::MIN), i128::from(i8::MAX))),
            Type::Int16 => Some((i128::from(i16::MIN), i128::from(i16::MAX))),
            Type::Int32 => Some((i128::from(i32::MIN), i128::from(i32::MAX))),
            Type::Int64 => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
            Type::UInt8 => Some((0, i128::from(u8::MAX))),
            Type::UInt16 => Some((0, i128::from(u16::MAX))),
            Type::UInt32 => Some((0, i128::from(u32::MAX))),
            Type::UInt64 => Some((0, i128::from(u64::MAX))),
            _ => None,
        };
        let hint = range.map(|(least, most)| {
            format!("`{}` holds {least} to {most}", type_name(ty, self.names))
        });
        self.names
            .error(span, "integer out of range".to_owned(), hint);
        None
    }
}
