@0xc1a3b5a1a1c00023;
const a :Int32 = 5 { }
struct S { a @0 :Int32 {} }
annotation b(*) :Void {}
