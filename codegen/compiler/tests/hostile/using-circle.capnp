@0xd1a3b5a1a1c00004;
using A = B.C;
using B = C.A;
using C = A.B;
struct S { a @0 :A.B.C; }
struct T { using T = T.T; using U = .T.U; a @0 :T.T.T; b @1 :U; }
