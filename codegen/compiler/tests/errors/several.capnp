@0xc1a3b5a1a1c00077;
struct S {
  a @0 :Nope;
  b @1 :Int8 = 1000;
  c @1 :Bool;
  D @2 :Text = 5;
}
struct T { e @0 :S = (z = 1); }
