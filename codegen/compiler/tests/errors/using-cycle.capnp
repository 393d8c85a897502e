@0xc1a3b5a1a1c00049;
using A = B;
using B = A;
struct S { a @0 :A; }
