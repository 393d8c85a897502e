@0xc1a3b5a1a1c0002f;
enum E { a @0; struct S {} }
