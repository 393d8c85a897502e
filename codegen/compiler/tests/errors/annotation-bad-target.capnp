@0xc1a3b5a1a1c00070;
annotation a(structs) :Void;
annotation b(*, field) :Void;
annotation c(field, field) :Void;
annotation d(Struct) :Void;
annotation e() :Void;
