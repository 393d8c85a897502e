@0xc1a3b5a1a1c00065;
const a :Int32 = .a;
struct S { x @0 :Int32; s @1 :S; }
const b :S = (s = .b);
