# A bare value where a struct or a group is expected stands for its first field. Only release 1.1 and later read this.
@0xb6a3b5a1a1c0f026;

struct Wrapped { text @0 :Text; n @1 :Int32 = 3; }
struct Number { n @0 :Int16; }
struct Listed { list @0 :List(Int8); }
struct Choice { union { name @0 :Text; other @1 :Int32; } }
struct Grouped { g :group { text @0 :Text; n @1 :Int32; } u :union { flag @2 :Bool; data @3 :Data; } }
struct Late { z @1 :Int32; a @0 :Text; }

const text :Wrapped = "bare";
const number :Number = -5;
const choice :Choice = "name";
const lateByOrdinal :Late = "a has ordinal 0";
const list :List(Wrapped) = ["a", "b", (text = "c", n = 4)];
const group :Grouped = (g = "in a group", u = true);
const field :Pair = (a = "x", b = 7);
struct Pair { a @0 :Wrapped; b @1 :Number = 9; }
annotation wrapped(*) :Wrapped;
struct Annotated $wrapped("on a struct") {}
const fromConst :Wrapped = .plain;
const plain :Text = "plain";
