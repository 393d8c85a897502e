@0xc1a3b5a1a1c0004b;
using A = B;
using B = C;
using C = A;
