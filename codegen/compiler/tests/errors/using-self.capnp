@0xc1a3b5a1a1c0004a;
using A = .A;
struct S { a @0 :A; }
