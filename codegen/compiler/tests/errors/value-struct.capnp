@0xc1a3b5a1a1c0005e;
struct P { a @0 :Int32; g :group { b @1 :Int32; } }
const a :P = (b = 1);
const b :P = (1);
const c :P = (a = 1, 2);
const d :P = (g = (c = 1));
const e :P = (g = "x");
const f :P = (a = (a = 1));
