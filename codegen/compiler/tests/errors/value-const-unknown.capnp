@0xc1a3b5a1a1c00061;
const a :Int32 = .nope;
const b :Int32 = S.nope;
struct S {}
