@0xc1a3b5a1a1c00076;
message M {}
struct {}
struct S extends(T) {}
enum E(T) {}
interface I { m @0 () -> () -> (); }
