@0xc1a3b5a1a1c00066;
const a :Data = embed "nope";
const b :Int32 = embed "utf16.capnp";
struct P { x @0 :Int32; }
const c :P = embed "id-missing.capnp";
