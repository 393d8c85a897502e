@0xd1a3b5a1a1c00009;
const a :List(Text) = ["0123456789012345678901234567890123456789"];
const b :List(List(Text)) = [.a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a, .a];
const c :List(List(List(Text))) = [.b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b, .b];
const d :List(List(List(List(Text)))) = [.c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c, .c];
const e :List(List(List(List(List(Text))))) = [.d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d, .d];
const f :List(List(List(List(List(List(Text)))))) = [.e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e, .e];
const g :List(List(List(List(List(List(List(Text))))))) = [.f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f, .f];
