@0xc1a3b5a1a1c00005;
struct A @0xb6a3b5a1a1c0fffe {}
struct B @0xb6a3b5a1a1c0fffe {}
