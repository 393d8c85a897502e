@0xc1a3b5a1a1c0005d;
enum E { a @0; }
const a :E = b;
const b :E = E.a;
const c :List(E) = [a, nope];
