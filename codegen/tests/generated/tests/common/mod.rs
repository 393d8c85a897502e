//! Compares native types with capnpc's: random messages are read, written again, and compared field by field through Cap'n
//! Proto's own reflection.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(dead_code, reason = "each test uses a part")]

use dsoftbus::__private::capnp;
use dsoftbus::{AnyPointer, Pointer};

use capnp::introspect::{Introspect, TypeVariant};
use capnp::private::layout::{self, ElementSize, StructSize};
use capnp::schema::{Field, StructSchema};
use capnp::schema_capnp::{field, node, type_};
use capnp::traits::{FromPointerBuilder, FromPointerReader};
use capnp::{Word, any_pointer, dynamic_list, dynamic_struct, dynamic_value, message, text};

/// Makes the test of the pairs that the generator wrote down.
#[macro_export]
macro_rules! pairs {
    ($($native:ty => $raw:ty,)*) => {
        #[test]
        #[allow(unused_qualifications)] // paths are those that work anywhere
        fn every_struct_is_what_capnp_says_it_is() {
            let names: &[&str] = &[$(stringify!($native)),*];
            if names.is_empty() {
                println!("skipped: the schemas are not beside the project");
            }
            $(common::compare::<$native, $raw>(stringify!($native));)*
        }
    };
}

/// Runs a future to its end. Calls have deadlines, and those need a clock.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

/// How often each type is filled with random values.
const ROUNDS: u64 = 40;

/// How deep values are nested.
const DEPTH: u32 = 3;

/// Fields whose type capnpc does not know, lists of pointers of no particular type: of capabilities.
const CAPABILITIES: &[&str] = &["anys", "capList"];
/// Such a field whose items are structs in one of the structs it is part of, and pointers in the other.
const EITHER: &str = "all";

/// Compares a native type with the struct of capnpc's.
pub fn compare<N: Pointer + PartialEq, R: Introspect>(name: &str) {
    let TypeVariant::Struct(schema) = R::introspect().which() else {
        panic!("{name} is no struct");
    };
    let schema = StructSchema::from(schema);
    for round in 0..ROUNDS {
        let mut random = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name.len() as u64);
        let original = AnyPointer::write(|to| {
            let RawBuilder(raw) = to.init_as();
            let mut root = raw.init_struct(size(schema));
            random.fill(dynamic_struct::Builder::new(root.reborrow(), schema), DEPTH)?;
            if let (node::Struct(body), 0) = (schema.get_proto().which()?, round % 8)
                && body.get_discriminant_count() > 0
            {
                // A member of a newer schema.
                let offset = usize::try_from(body.get_discriminant_offset()).unwrap_or(0);
                root.set_data_field(offset, body.get_discriminant_count() + 3);
            }
            Ok(())
        })
        .unwrap();

        let native: N = original.get().unwrap();
        let written = AnyPointer::new(&native).unwrap();
        let difference = original.read(|one| {
            written
                .read(|two| same(reader(one, schema)?, reader(two, schema)?))
                .map_err(|status| capnp::Error::failed(status.to_string()))
        });
        assert_eq!(difference.unwrap(), None, "{name}, round {round}");

        let again: N = written.get().unwrap();
        assert_same(&native, &again, name);
        assert_eq!(AnyPointer::new(&again).unwrap(), written, "{name}");
    }
    // What is absent reads as the default, and the default is written as what reads so.
    let nothing: N = AnyPointer::default().get().unwrap();
    let default = N::default();
    assert_same(&nothing, &default, name);
    let empty = AnyPointer::write(|to| {
        let RawBuilder(raw) = to.init_as();
        raw.init_struct(StructSize {
            data: 0,
            pointers: 0,
        });
        Ok(())
    });
    let nothing: N = empty.unwrap().get().unwrap();
    assert_same(&nothing, &default, name);
    let again: N = AnyPointer::new(&default).unwrap().get().unwrap();
    assert_same(&again, &default, name);
}

/// Compares values, and what they print, which tells more. NaN equals nothing, but prints the same.
fn assert_same<N: Pointer + PartialEq>(one: &N, two: &N, name: &str) {
    let (one_printed, two_printed) = (format!("{one:?}"), format!("{two:?}"));
    assert_eq!(one_printed, two_printed, "{name}");
    assert!(
        one == two || one_printed.contains("NaN"),
        "{name}: not equal, but prints the same: {one_printed}"
    );
}

fn reader(
    any: any_pointer::Reader<'_>,
    schema: StructSchema,
) -> capnp::Result<dynamic_struct::Reader<'_>> {
    let RawReader(raw) = any.get_as()?;
    Ok(dynamic_struct::Reader::new(raw.get_struct(None)?, schema))
}

fn size(schema: StructSchema) -> StructSize {
    match schema.get_proto().which() {
        Ok(node::Struct(body)) => StructSize {
            data: body.get_data_word_count(),
            pointers: body.get_pointer_count(),
        },
        _ => panic!("a struct"),
    }
}

/// capnpc has no type of its own for `Capability`.
fn is_capability(field: Field) -> capnp::Result<bool> {
    let field::Slot(slot) = field.get_proto().which()? else {
        return Ok(false);
    };
    let type_::AnyPointer(pointer) = slot.get_type()?.which()? else {
        return Ok(false);
    };
    let type_::any_pointer::Unconstrained(kind) = pointer.which()? else {
        return Ok(false);
    };
    Ok(matches!(
        kind.which()?,
        type_::any_pointer::unconstrained::Capability(())
    ))
}

/// A source of values that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ (self.0 >> 29)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 32) % limit
    }

    fn text(&mut self) -> String {
        let words = ["", "a", "naïve", "a somewhat longer text", "\0"];
        words[usize::try_from(self.below(5)).unwrap()]
            .repeat(usize::try_from(self.below(3)).unwrap())
    }

    /// Fills a struct: some of its fields, and one member of its union.
    fn fill(&mut self, mut to: dynamic_struct::Builder<'_>, depth: u32) -> capnp::Result<()> {
        let schema = to.get_schema();
        for field in schema.get_non_union_fields()? {
            if self.below(4) > 0 {
                self.fill_field(to.reborrow(), field, depth)?;
            }
        }
        let members = schema.get_union_fields()?;
        if !members.is_empty() {
            let chosen = self.below(members.len().into());
            let member = members.get(u16::try_from(chosen).unwrap());
            self.fill_field(to, member, depth)?;
        }
        Ok(())
    }

    fn fill_field(
        &mut self,
        mut to: dynamic_struct::Builder<'_>,
        field: Field,
        depth: u32,
    ) -> capnp::Result<()> {
        let name = field.get_proto().get_name()?.to_str()?;
        match field.get_type().which() {
            TypeVariant::Struct(_) => {
                let is_group = matches!(field.get_proto().which()?, field::Group(_));
                if depth > 0 || is_group {
                    let dynamic_value::Builder::Struct(inner) = to.init(field)? else {
                        panic!("{name} is a struct");
                    };
                    self.fill(inner, depth.saturating_sub(1))?;
                }
                Ok(())
            }
            TypeVariant::List(_) => {
                let length = if depth > 0 { self.below(4) } else { 0 };
                let length = u32::try_from(length).unwrap();
                match to.initn(field, length)? {
                    dynamic_value::Builder::List(list) => {
                        self.fill_list(list, depth - depth.min(1))
                    }
                    _ => panic!("{name} is a list"),
                }
            }
            TypeVariant::AnyPointer => {
                let dynamic_value::Builder::AnyPointer(mut any) = to.init(field)? else {
                    panic!("{name} is a pointer");
                };
                match self.below(3) {
                    // No capability is in these messages: those that are there are null.
                    _ if name == EITHER || is_capability(field)? => {}
                    0 | 1 if CAPABILITIES.contains(&name) => {
                        let length = u32::try_from(self.below(3) + 1).unwrap();
                        let RawBuilder(raw) = any.init_as();
                        raw.init_list(ElementSize::Pointer, length);
                    }
                    0 => any.set_as(self.text().as_str())?,
                    1 => {
                        let RawBuilder(raw) = any.init_as();
                        let body = raw.init_struct(StructSize {
                            data: 2,
                            pointers: 1,
                        });
                        body.set_data_field(0, self.next());
                    }
                    _ => {}
                }
                Ok(())
            }
            TypeVariant::Capability => Ok(()),
            ty => {
                let text = self.text();
                to.set(field, self.scalar(ty, &text))
            }
        }
    }

    fn fill_list(&mut self, mut list: dynamic_list::Builder<'_>, depth: u32) -> capnp::Result<()> {
        for index in 0..list.len() {
            match list.element_type().which() {
                TypeVariant::Struct(_) => match list.reborrow().get(index)? {
                    dynamic_value::Builder::Struct(inner) => self.fill(inner, depth)?,
                    _ => panic!("a struct"),
                },
                TypeVariant::List(_) => {
                    let length = u32::try_from(self.below(3)).unwrap();
                    match list.reborrow().init(index, length)? {
                        dynamic_value::Builder::List(inner) => self.fill_list(inner, depth)?,
                        _ => panic!("a list"),
                    }
                }
                TypeVariant::Capability => {}
                ty => {
                    let text = self.text();
                    let value = self.scalar(ty, &text);
                    list.set(index, value)?;
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)] // any bits will do
    fn scalar<'a>(&mut self, ty: TypeVariant, text: &'a str) -> dynamic_value::Reader<'a> {
        use dynamic_value::Reader as Value;
        let bits = match self.below(4) {
            0 => 0,
            1 => u64::MAX,
            _ => self.next(),
        };
        match ty {
            TypeVariant::Void => Value::Void,
            TypeVariant::Bool => Value::Bool(bits & 1 == 1),
            TypeVariant::Int8 => Value::Int8(bits as i8),
            TypeVariant::Int16 => Value::Int16(bits as i16),
            TypeVariant::Int32 => Value::Int32(bits as i32),
            TypeVariant::Int64 => Value::Int64(bits as i64),
            TypeVariant::UInt8 => Value::UInt8(bits as u8),
            TypeVariant::UInt16 => Value::UInt16(bits as u16),
            TypeVariant::UInt32 => Value::UInt32(bits as u32),
            TypeVariant::UInt64 => Value::UInt64(bits),
            TypeVariant::Float32 => Value::Float32(bits as i32 as f32 / 3.0),
            TypeVariant::Float64 => Value::Float64(bits as i64 as f64 / 3.0),
            TypeVariant::Text => Value::Text(text::Reader::from(text)),
            TypeVariant::Data => Value::Data(text.as_bytes()),
            TypeVariant::Enum(schema) => {
                // Some that the schema does not have.
                Value::Enum(dynamic_value::Enum::new((bits % 12) as u16, schema.into()))
            }
            other => panic!("{other:?} is no scalar"),
        }
    }
}

/// Where two structs differ.
fn same(
    one: dynamic_struct::Reader<'_>,
    two: dynamic_struct::Reader<'_>,
) -> capnp::Result<Option<String>> {
    let schema = one.get_schema();
    let which = (one.which()?, two.which()?);
    let name = |field: Option<Field>| field.map(|field| field.get_proto().get_name());
    if which.0 != which.1 {
        return Ok(Some(format!("{:?} is {:?}", name(which.0), name(which.1))));
    }
    for field in schema.get_non_union_fields()?.into_iter().chain(which.0) {
        let slot = matches!(field.get_proto().which()?, field::Slot(_));
        if slot && field.get_type().is_pointer_type() && !one.has(field)? && !two.has(field)? {
            continue;
        }
        if let Some(inner) = same_value(one.get(field)?, two.get(field)?)? {
            let name = field.get_proto().get_name()?.to_str()?;
            return Ok(Some(format!("{name}.{inner}")));
        }
    }
    Ok(None)
}

fn same_value(
    one: dynamic_value::Reader<'_>,
    two: dynamic_value::Reader<'_>,
) -> capnp::Result<Option<String>> {
    use dynamic_value::Reader as Value;
    match (one, two) {
        (Value::Struct(one), Value::Struct(two)) => same(one, two),
        (Value::List(one), Value::List(two)) => {
            if one.len() != two.len() {
                return Ok(Some(format!("{} is {}", one.len(), two.len())));
            }
            for (index, (one, two)) in one.iter().zip(two.iter()).enumerate() {
                if let Some(inner) = same_value(one?, two?)? {
                    return Ok(Some(format!("{index}.{inner}")));
                }
            }
            Ok(None)
        }
        (Value::AnyPointer(one), Value::AnyPointer(two)) => {
            let difference = canonical(one)? != canonical(two)?;
            Ok(difference.then(|| "content".to_owned()))
        }
        (Value::Float32(one), Value::Float32(two)) if one.to_bits() == two.to_bits() => Ok(None),
        (Value::Float64(one), Value::Float64(two)) if one.to_bits() == two.to_bits() => Ok(None),
        (Value::Text(one), Value::Text(two)) => {
            Ok((one != two).then(|| format!("{one:?} is {two:?}")))
        }
        (one, two) => {
            let (one, two) = (format!("{one:?}"), format!("{two:?}"));
            Ok((one != two).then(|| format!("{one} is {two}")))
        }
    }
}

fn canonical(any: any_pointer::Reader<'_>) -> capnp::Result<Vec<u8>> {
    let mut message = message::Builder::new_default();
    message.set_root_canonical::<any_pointer::Owned>(any)?;
    Ok(message.get_segments_for_output().concat())
}

/// The pointer behind a builder of capnpc's.
struct RawBuilder<'a>(layout::PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for RawBuilder<'a> {
    fn init_pointer(builder: layout::PointerBuilder<'a>, _: u32) -> Self {
        Self(builder)
    }

    fn get_from_pointer(
        builder: layout::PointerBuilder<'a>,
        _: Option<&'a [Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(builder))
    }
}

/// The pointer behind a reader of capnpc's.
struct RawReader<'a>(layout::PointerReader<'a>);

impl<'a> FromPointerReader<'a> for RawReader<'a> {
    fn get_from_pointer(
        reader: &layout::PointerReader<'a>,
        _: Option<&'a [Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(*reader))
    }
}
