# What newer/firstfield.capnp means, in words that release 0.9.2 reads.
@0xb6a3b5a1a1c0f026;

struct Wrapped { text @0 :Text; n @1 :Int32 = 3; }
struct Number { n @0 :Int16; }
struct Listed { list @0 :List(Int8); }
struct Choice { union { name @0 :Text; other @1 :Int32; } }
struct Grouped { g :group { text @0 :Text; n @1 :Int32; } u :union { flag @2 :Bool; data @3 :Data; } }
struct Late { z @1 :Int32; a @0 :Text; }

const text :Wrapped = (text = "bare");
const number :Number = (n = -5);
const choice :Choice = (name = "name");
const lateByOrdinal :Late = (a = "a has ordinal 0");
const list :List(Wrapped) = [(text = "a"), (text = "b"), (text = "c", n = 4)];
const group :Grouped = (g = (text = "in a group"), u = (flag = true));
const field :Pair = (a = (text = "x"), b = (n = 7));
struct Pair { a @0 :Wrapped; b @1 :Number = (n = 9); }
annotation wrapped(*) :Wrapped;
struct Annotated $wrapped((text = "on a struct")) {}
const fromConst :Wrapped = (text = .plain);
const plain :Text = "plain";
