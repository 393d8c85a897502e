@0xc1a3b5a1a1c0005c;
struct P { a @0 :Int32; }
enum E { a @0; }
const a :Int32 = "x";
const b :Text = 5;
const c :Bool = 1;
const d :Void = 0;
const e :List(Int32) = 5;
const f :P = [1];
const g :Int32 = (a = 1);
const h :Int32 = 1.5;
const i :Text = 0x"00";
const j :E = 0;
const k :E = "a";
const l :Int32 = true;
const m :Float32 = "x";
const n :Data = 5;
const o :Int32 = void;
const p :List(Text) = ["a", 1, [2]];
const q :Text = [1];
