@0xc1a3b5a1a1c00042;
struct S(T) { a @0 :List(T); }
interface I { m @0 [T] (a :List(T)); }
