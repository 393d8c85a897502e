//! What hostile bytes can and cannot do, and what lies where in a message.

use capnp::{
    Word, any_pointer,
    message::{Builder, HeapAllocator, Reader, ReaderOptions, SegmentArray},
    private::layout,
};
use dsoftbus_proto::message::{NESTING_LIMIT, TRAVERSAL_LIMIT};

use super::{
    AnyPointer, Body, Pointer, PointerReader, Struct, StructBuilder, StructReader, StructSize,
    budget::{Budget, MAX_DECODED},
    message,
    pointer::Shared,
    raw::{RawBuilder, RawReader},
    size,
};
use crate::Capability;

/// A struct with one field of each kind, as the generator would write it.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    flag: bool,
    number: i32,
    ratio: f64,
    name: String,
    tags: Vec<String>,
    scores: Vec<u16>,
    items: Vec<Self>,
    next: Option<Box<Self>>,
    any: AnyPointer,
    /// So that a decoded item is much larger than an encoded one.
    plain: Plain,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Plain {
    texts: [String; 20],
}

impl Default for Item {
    fn default() -> Self {
        Self {
            flag: true,
            number: -7,
            ratio: 0.5,
            name: String::new(),
            tags: Vec::new(),
            scores: vec![1, 2],
            items: Vec::new(),
            next: None,
            any: AnyPointer::default(),
            plain: Plain::default(),
        }
    }
}

const SCORES: &[Word] = &message([0x0000_0013_0000_0001, 0x0000_0000_0002_0001]);

impl Body for Item {
    fn read_body(from: &StructReader<'_>) -> capnp::Result<Self> {
        Ok(Self {
            flag: from.bool(0, true),
            number: from.number(1, -7),
            ratio: from.number(1, 0.5),
            name: from.pointer(0, "name")?,
            tags: from.pointer(1, "tags")?,
            scores: from.pointer_or(2, "scores", SCORES)?,
            items: from.pointer(3, "items")?,
            next: from.boxed(4, "next")?,
            any: from.pointer(5, "any")?,
            plain: from.pointer(6, "plain")?,
        })
    }

    fn write_body(&self, to: &mut StructBuilder<'_>) -> capnp::Result<()> {
        to.bool(0, self.flag, true);
        to.number(1, self.number, -7);
        to.number(1, self.ratio, 0.5);
        to.text(0, "name", &self.name)?;
        to.list(1, "tags", &self.tags)?;
        to.list_or(2, "scores", &self.scores)?;
        to.list(3, "items", &self.items)?;
        to.boxed(4, "next", self.next.as_deref())?;
        to.pointer(5, "any", &self.any)?;
        to.pointer(6, "plain", &self.plain)
    }
}

impl Struct for Item {
    const SIZE: StructSize = size(2, 7);
}

impl Body for Plain {
    fn read_body(from: &StructReader<'_>) -> capnp::Result<Self> {
        let mut texts: [String; 20] = Default::default();
        for (index, text) in texts.iter_mut().enumerate() {
            *text = from.pointer(index, "texts")?;
        }
        Ok(Self { texts })
    }

    fn write_body(&self, to: &mut StructBuilder<'_>) -> capnp::Result<()> {
        for (index, text) in self.texts.iter().enumerate() {
            to.text(index, "texts", text)?;
        }
        Ok(())
    }
}

impl Struct for Plain {
    const SIZE: StructSize = size(0, 20);
}

/// Reads a message of one segment as a peer's is read.
fn read<T: Pointer>(words: &[Word]) -> capnp::Result<T> {
    let segments = [Word::words_to_bytes(words)];
    let options = ReaderOptions {
        traversal_limit_in_words: Some(TRAVERSAL_LIMIT),
        nesting_limit: NESTING_LIMIT,
    };
    let message = Reader::new(SegmentArray::new(&segments), options);
    let RawReader(raw) = message.get_root::<any_pointer::Reader<'_>>()?.get_as()?;
    T::read(PointerReader {
        raw,
        shared: Shared {
            capabilities: &[],
            budget: &Budget::new(),
        },
    })
}

/// The words of a message whose root `fill` makes.
fn built(fill: impl FnOnce(layout::PointerBuilder<'_>)) -> Vec<Word> {
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(100_000));
    let root: any_pointer::Builder<'_> = message.init_root();
    let RawBuilder(raw) = root.init_as();
    fill(raw);
    let segments = message.get_segments_for_output();
    assert_eq!(segments.len(), 1);
    to_words(segments[0])
}

fn to_words(bytes: &[u8]) -> Vec<Word> {
    let mut words = Word::allocate_zeroed_vec(bytes.len() / 8);
    Word::words_to_bytes_mut(&mut words).copy_from_slice(bytes);
    words
}

fn encoded(item: &Item) -> Vec<Word> {
    let value = AnyPointer::new(item).unwrap();
    let copy = value.read(|any| {
        let mut message = Builder::new_default();
        message.set_root_canonical::<any_pointer::Owned>(any)?;
        Ok(to_words(message.get_segments_for_output()[0]))
    });
    copy.unwrap()
}

fn sample() -> Item {
    Item {
        name: "sample".to_owned(),
        tags: vec!["a".to_owned(), "longer than one word".to_owned()],
        items: vec![Item::default(); 3],
        next: Some(Box::new(Item {
            any: AnyPointer::new(&vec![1_u64, 2]).unwrap(),
            ..Item::default()
        })),
        ..Item::default()
    }
}

#[test]
fn damaged_messages_never_panic_and_are_read_or_refused() {
    let whole = encoded(&sample());
    assert_eq!(read::<Item>(&whole).unwrap(), sample());
    let (mut refused, mut seed) = (0, 1_u64);
    for _ in 0..20_000 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mut damaged = to_words(Word::words_to_bytes(&whole));
        let bytes = Word::words_to_bytes_mut(&mut damaged);
        let place = usize::try_from(seed >> 40).unwrap() % bytes.len();
        bytes[place] = seed.to_le_bytes()[3];
        refused += usize::from(read::<Item>(&damaged).is_err());
    }
    assert!(refused > 2_000, "{refused}");
}

#[test]
fn elements_that_cost_the_sender_nothing_are_bounded_in_number_and_in_bytes() {
    let empty = |count| {
        built(|raw| {
            raw.init_struct_list(count, size(0, 0));
        })
    };
    assert_eq!(read::<Vec<Item>>(&empty(10)).unwrap().len(), 10);
    // Each takes hundreds of bytes when it is decoded.
    let most = u32::try_from(MAX_DECODED / size_of::<Item>()).unwrap();
    assert!(usize::try_from(most).unwrap() < TRAVERSAL_LIMIT);
    assert_eq!(
        read::<Vec<Item>>(&empty(most + 1)).unwrap_err().extra,
        "the message would take more than 33554432 bytes when decoded"
    );
    // Of those that take none, the traversal limit bounds the number.
    let many = u32::try_from(TRAVERSAL_LIMIT).unwrap() + 1;
    let error = read::<Vec<()>>(&built(|raw| {
        raw.init_list(layout::ElementSize::Void, many);
    }))
    .unwrap_err();
    assert_eq!(error.kind, capnp::ErrorKind::ReadLimitExceeded);
}

#[test]
fn a_list_of_bytes_does_not_become_a_huge_list_of_structs() {
    let bytes = built(|mut raw| raw.set_data(&[1; 200_000]));
    assert_eq!(
        read::<Vec<Item>>(&bytes).unwrap_err().extra,
        "the message would take more than 33554432 bytes when decoded"
    );
    let few = built(|mut raw| raw.set_data(&[1; 2]));
    assert!(
        read::<Vec<Item>>(&few)
            .unwrap()
            .iter()
            .all(|item| !item.flag)
    );
}

#[test]
fn an_empty_list_is_empty_whatever_its_elements_would_be() {
    let words = |count| {
        built(move |raw| {
            raw.init_list(layout::ElementSize::Void, count);
        })
    };
    assert_eq!(read::<Vec<u16>>(&words(0)).unwrap(), []);
    assert_eq!(read::<Vec<String>>(&words(0)).unwrap(), [""; 0]);
    assert_eq!(read::<Vec<Item>>(&words(0)).unwrap(), []);
    assert_eq!(read::<Vec<u8>>(&words(0)).unwrap(), []);
    let error = read::<Vec<u16>>(&words(1)).unwrap_err();
    assert!(
        error.to_string().contains("incompatible element type"),
        "{error}"
    );
}

#[test]
fn lists_in_lists_share_one_budget() {
    let words = built(|raw| {
        let mut outer = raw.init_list(layout::ElementSize::Pointer, 4);
        for index in 0..4 {
            let inner = outer.reborrow().get_pointer_element(index);
            inner.init_struct_list(20_000, size(0, 0));
        }
    });
    assert!(20_000 * size_of::<Item>() < MAX_DECODED);
    let error = read::<Vec<Vec<Item>>>(&words).unwrap_err();
    assert!(error.extra.contains("more than 33554432 bytes"), "{error}");
}

#[test]
fn a_message_that_points_at_itself_is_refused() {
    // A struct without data and with seven pointers, of which one leads back to the struct.
    let mut words = Word::allocate_zeroed_vec(8);
    let bytes = Word::words_to_bytes_mut(&mut words);
    bytes[..8].copy_from_slice(&0x0007_0000_0000_0000_u64.to_le_bytes());
    // `next` is pointer 4, in word 5: five words back from the word after it.
    bytes[40..48].copy_from_slice(
        &(0x0007_0000_0000_0000_u64 | u64::from((-5_i32).cast_unsigned() << 2)).to_le_bytes(),
    );
    let error = read::<Item>(&words).unwrap_err();
    assert!(error.extra.contains("too deeply-nested"), "{error}");
}

#[test]
fn an_error_names_the_field_it_is_about() {
    let words = built(|raw| {
        let body = raw.init_struct(Item::SIZE);
        body.get_pointer_field(4)
            .init_struct(Item::SIZE)
            .get_pointer_field(0)
            .set_data(b"\xff\0");
    });
    assert_eq!(
        read::<Item>(&words).unwrap_err().extra,
        "`next.name` is not UTF-8"
    );
    let words = built(|raw| {
        let body = raw.init_struct(Item::SIZE);
        body.get_pointer_field(1).init_struct(Item::SIZE);
    });
    let error = read::<Item>(&words).unwrap_err();
    assert!(error.extra.starts_with("`tags`: "), "{error}");
}

#[test]
fn a_capability_that_the_message_does_not_have_is_an_error() {
    let value = AnyPointer::new(&Capability::null()).unwrap();
    assert!(value.is_null());
    // A capability pointer, and no capabilities: what a peer of level 0 might send.
    let mut words = Word::allocate_zeroed_vec(1);
    Word::words_to_bytes_mut(&mut words)[0] = 3;
    assert!(read::<Capability>(&words).is_err());
    assert!(read::<AnyPointer>(&words).is_err());
    assert!(read::<Vec<String>>(&words).is_err());
}

#[test]
fn what_no_message_can_hold_is_an_error_and_not_a_panic() {
    let huge = Item {
        name: "x".repeat(1_048_576),
        ..Item::default()
    };
    let status = AnyPointer::new(&huge).unwrap_err();
    assert_eq!(status.code(), crate::Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "`name`: 1048576 elements are too large for a message"
    );
    for status in [
        AnyPointer::new(&vec![0_u8; 1_048_577]).unwrap_err(),
        AnyPointer::new(&vec![0_u64; 131_073]).unwrap_err(),
        AnyPointer::new(&vec![(); 8_388_609]).unwrap_err(),
        AnyPointer::new(&vec![String::new(); 131_073]).unwrap_err(),
        AnyPointer::new(&vec![Plain::default(); 6_554]).unwrap_err(),
    ] {
        assert!(
            status.message().contains("are too large for a message"),
            "{status}"
        );
    }
}

#[test]
#[should_panic(expected = "a field lies outside its struct")]
fn a_field_outside_its_struct_is_never_written() {
    /// What no generator writes.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Wrong;

    impl Body for Wrong {
        fn read_body(_: &StructReader<'_>) -> capnp::Result<Self> {
            Ok(Self)
        }

        fn write_body(&self, to: &mut StructBuilder<'_>) -> capnp::Result<()> {
            to.number(1, 1_u64, 0);
            Ok(())
        }
    }

    impl Struct for Wrong {
        const SIZE: StructSize = size(1, 0);
    }

    drop(AnyPointer::new(&Wrong));
}
