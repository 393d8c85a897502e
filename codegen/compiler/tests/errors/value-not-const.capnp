@0xc1a3b5a1a1c00062;
struct S {}
const a :Int32 = .S;
const b :Text = S.T;
annotation m(*) :Void;
const c :Void = .m;
