@0xd1a3b5a1a1c00005;
const a :List(Int32) = .b;
const b :List(Int32) = .c;
const c :List(Int32) = .a;
struct S { s @0 :List(S) = .S.d; t @1 :S; const d :List(S) = [(s = .S.d), ()]; }
const e :S = (s = [.e, .e], t = .e);
annotation n(*) :S;
const f :S = (s = []) $n(.f);
const g :Int32 = .h $n(s = ());
const h :Int32 = .g;
