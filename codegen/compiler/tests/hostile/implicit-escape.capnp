@0xd1a3b5a1a1c00017;
struct G(T) { using Inner = T; struct N(U) { using Both = G(U); } }
interface I(T) { m @0 [A, A, T] (a :A, t :T, i :I(A).Self, g :G(A).Inner, n :G(A).N(T).Both.Inner) -> G(A).Inner; using Self = I(T); n @1 [A] G(A).N(A) -> G(A).N(A).Both; }
