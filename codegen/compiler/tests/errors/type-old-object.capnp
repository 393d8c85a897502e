@0xc1a3b5a1a1c00043;
struct S { a @0 :Object; }
