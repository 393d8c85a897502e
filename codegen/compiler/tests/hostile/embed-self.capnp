@0xd1a3b5a1a1c00018;
const a :Text = embed "embed-self.capnp";
const b :Data = embed ".";
struct S { x @0 :Int32; s @1 :S; l @2 :List(S); }
const c :S = embed "embed-self.capnp";
const d :S = embed "/dev/zero";
const e :Data = embed "../../../../../../../../../../dev/null";
const f :S = embed "pointers.bin";
