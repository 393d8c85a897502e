@0xd1a3b5a1a1c0000a;
struct S { x @0 :S.S.S.S.x.y.z.S.S; y @1 :Text.Text; z @2 :List(Text).Text; w @3 :List(Text)(Text)(Text); v @4 : .S.T.U.V; }
const k :Int32 = S.S.S.x;
const l :Int32 = .k.l.m.n;
