@0xc1a3b5a1a1c000f0;
const a :List(AnyList) = [];
const b :List(Capability) = [];
struct S(A, B, C) { list @0 :List(C) = []; lists @1 :List(List(C)) = [[]]; }
