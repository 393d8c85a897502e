@0xc1a3b5a1a1c00026;
struct S_T { under_score @0 :Int32; }
enum E { a_b @0; }
