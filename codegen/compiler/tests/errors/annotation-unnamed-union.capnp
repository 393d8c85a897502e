@0xc1a3b5a1a1c00075;
annotation a(union) :Void;
struct S { union $a { b @0 :Void; c @1 :Void; } }
