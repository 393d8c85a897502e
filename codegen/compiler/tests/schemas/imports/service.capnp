@0xb6a3b5a1a1c0f022; interface Base extends(Root) { base @0 (p :BaseParam); } interface Root { root @0 RootParam -> (); } struct BaseParam {} struct RootParam { a @0 :Deeper; } struct Deeper {}
