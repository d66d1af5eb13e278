package input

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// Copy fills the plain struct that into points to from props, which may be nil, field by field of the same name. It reports nil
// elements of lists, and durations that are not known at synthesis, under where.
//
// Every field of the props must have its counterpart, unless it is among byHand: an option that nobody reads would be lost in
// silence, so Copy panics.
func Copy(f *Faults, where string, into, from any, byHand ...string) {
	src := reflect.ValueOf(from)
	if src.IsNil() {
		return
	}
	copyStruct(f, where, reflect.ValueOf(into).Elem(), src.Elem(), byHand)
}

func copyStruct(f *Faults, where string, dst, src reflect.Value, byHand []string) {
	for i := range src.NumField() {
		name := src.Type().Field(i).Name
		if slices.Contains(byHand, name) {
			continue
		}
		to := dst.FieldByName(name)
		if !to.IsValid() {
			panic(fmt.Sprintf("input.Copy: %s has no field %s of %s", dst.Type(), name, src.Type()))
		}
		copyValue(f, where+"."+name, to, src.Field(i))
	}
}

var durationType = reflect.TypeFor[awscdk.Duration]()

func copyValue(f *Faults, where string, dst, src reflect.Value) {
	if src.Type() == durationType {
		d, _ := src.Interface().(awscdk.Duration)
		if known := f.Duration(where, d); known != nil {
			setPointer(dst, reflect.ValueOf(*known))
		}
		return
	}
	if src.Kind() != reflect.Pointer {
		dst.Set(src.Convert(dst.Type()))
		return
	}
	if src.IsNil() {
		return
	}
	switch v := src.Interface().(type) {
	case *float64:
		if dst.Kind() == reflect.String {
			dst.SetString(Number(v))
		} else {
			setPointer(dst, src.Elem())
		}
		return
	case *[]*string:
		dst.Set(reflect.ValueOf(Strings(v)).Convert(dst.Type()))
		return
	case *map[string]*string:
		dst.Set(reflect.ValueOf(Map(v)).Convert(dst.Type()))
		return
	case *map[string]*[]*string:
		dst.Set(reflect.ValueOf(Lists(v)).Convert(dst.Type()))
		return
	}
	switch elem := src.Elem(); elem.Kind() {
	case reflect.Struct:
		target := reflect.New(deref(dst.Type()))
		copyStruct(f, where, target.Elem(), elem, nil)
		setPointer(dst, target.Elem())
	case reflect.Slice:
		for i := range elem.Len() {
			at := fmt.Sprintf("%s[%d]", where, i)
			if elem.Index(i).IsNil() {
				f.Add("%s is nil; remove it", at)
				continue
			}
			item := reflect.New(dst.Type().Elem()).Elem()
			copyValue(f, at, item, elem.Index(i))
			dst.Set(reflect.Append(dst, item))
		}
	default:
		setPointer(dst, elem)
	}
}

// setPointer sets a value, or a pointer to it.
func setPointer(dst, v reflect.Value) {
	if dst.Kind() != reflect.Pointer {
		dst.Set(v.Convert(dst.Type()))
		return
	}
	p := reflect.New(dst.Type().Elem())
	p.Elem().Set(v.Convert(dst.Type().Elem()))
	dst.Set(p)
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
