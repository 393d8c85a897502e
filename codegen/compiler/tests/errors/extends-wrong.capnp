@0xc1a3b5a1a1c00053;
struct T {}
enum E { a @0; }
interface I(P) extends(T, E, P, Text, Nope) {}
