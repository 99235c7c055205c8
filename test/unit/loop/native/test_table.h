// A table by socket, of either kind, as an object for JavaScript.
#ifndef LWS_SS_TEST_UNIT_LOOP_NATIVE_TEST_TABLE_H_
#define LWS_SS_TEST_UNIT_LOOP_NATIVE_TEST_TABLE_H_

#include <napi.h>

#include <map>

template <class Table>
class TestTable : public Napi::ObjectWrap<TestTable<Table>> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return TestTable::DefineClass(
        env, "TestTable",
        {TestTable::template InstanceMethod<&TestTable::Set>("set"),
         TestTable::template InstanceMethod<&TestTable::Find>("find"),
         TestTable::template InstanceMethod<&TestTable::Erase>("erase"),
         TestTable::template InstanceMethod<&TestTable::All>("all")});
  }

  explicit TestTable(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TestTable<Table>>(info) {}

 private:
  static int Number(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

  // (socket, value)
  Napi::Value Set(const Napi::CallbackInfo& info) {
    table_.Set(Number(info[0]), &values_.emplace(Number(info[1]), Number(info[1])).first->second);
    return info.Env().Undefined();
  }

  // (socket): the value, or undefined.
  Napi::Value Find(const Napi::CallbackInfo& info) {
    const int* found = table_.Find(Number(info[0]));
    return found ? Napi::Number::New(info.Env(), *found) : info.Env().Undefined();
  }

  // (socket)
  Napi::Value Erase(const Napi::CallbackInfo& info) {
    table_.Erase(Number(info[0]));
    return info.Env().Undefined();
  }

  Napi::Value All(const Napi::CallbackInfo& info) {
    Napi::Array all = Napi::Array::New(info.Env());
    for (const int* value : table_.All()) all.Set(all.Length(), *value);
    return all;
  }

  Table table_;
  std::map<int, int> values_;
};

#endif
