@0xc1a3b5a1a1c00063;
const a :Text = "x";
const b :Int32 = .a;
enum E { a @0; }
const c :E = a;
const d :E = .c;
