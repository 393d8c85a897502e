@0xd1a3b5a1a1c00006;
struct G(T) { a @0 :G(G(T)); b @1 :G(G(G(G(T)))); using Next = G(G(T)); c @2 :Next; d @3 :Next.Next.Next; }
struct H(T) { using A = H(A); a @0 :A; struct I(U) { using B = H(I(B)).I(H(B)); b @0 :B; } }
struct J(A, B) { using K = J(J(A, B), J(B, A)); k @0 :K.K.K.K.K.K.K.K; }
