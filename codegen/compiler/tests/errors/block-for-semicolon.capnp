@0xc1a3b5a1a1c00022;
struct S;
enum E;
interface I;
