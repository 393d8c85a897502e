@0xe1a3b5a1a1c00001;
using Text = Text;
struct A {}
struct B { struct A {} using C = A; 
 struct D { using A = A; using E = F; using F = E; f @0 :A; g @1 :Text; using T = .Text; h @2 :T; }
 struct E {} }
struct G(T) { using T = T; t @0 :T; struct H { using G = G(Text).I; g @0 :G; } struct I { x @0 :T; } }
