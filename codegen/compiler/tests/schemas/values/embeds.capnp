# Values read from files beside the schema and from the import path.
@0xb6a3b5a1a1c0f019;

struct Point { x @0 :Int32 = 1; y @1 :Int32; label @2 :Text = "none"; next @3 :Point; list @4 :List(Int16); }
struct Newer { x @0 :Int32; y @1 :Int32; label @2 :Text; next @3 :Point; list @4 :List(Int16); more @5 :Int64 = 9; text @6 :Text; }
const text :Text = embed "data/text.txt";
const data :Data = embed "data/bytes.bin";
const dataFromText :Data = embed "data/text.txt";
const emptyData :Data = embed "data/empty.bin";
const point :Point = embed "data/point.bin";
const newer :Newer = embed "data/point.bin";
const absolute :Text = embed "/lib/embedded.txt";
const up :Text = embed "../values/data/text.txt";
const list :List(Text) = [embed "data/text.txt", "plain"];
const inStruct :Point = (label = embed "data/text.txt", next = embed "data/point.bin");
const again :Text = .text;
struct Defaults { a @0 :Text = embed "data/text.txt"; b @1 :Data = embed "data/bytes.bin"; c @2 :Point = embed "data/point.bin"; d @3 :List(Point) = [embed "data/point.bin", ()]; }
annotation note(*) :Text;
struct Annotated $note(embed "data/text.txt") {}
