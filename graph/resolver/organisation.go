package resolver

import (
	"context"

	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/policies"
)

// What many types point at.

// userOf finds the user that each object names, where the caller may see them.
func userOf[T any](ctx context.Context, s Services, objects []*T, id func(*T) *publicid.UserID) ([]*ent.User, error) {
	return one(ctx, objects, id, s.Users.ByIDs, func(u *ent.User) publicid.UserID { return u.ID })
}

// departmentOf finds the department that each object names.
func departmentOf[T any](ctx context.Context, s Services, objects []*T, id func(*T) *publicid.DepartmentID) ([]*ent.Department, error) {
	return one(ctx, objects, id, s.Departments.ByIDs, departmentID)
}

// entryOf finds what the code of each object stands for in a dictionary; an empty code is none.
func entryOf[T any](ctx context.Context, s Services, list shipped.List, objects []*T, code func(*T) string) ([]*ent.DictionaryEntry, error) {
	key := func(o *T) *string {
		c := code(o)
		if c == "" {
			return nil
		}
		return &c
	}
	load := func(ctx context.Context, codes []string) ([]*ent.DictionaryEntry, error) {
		return s.Dictionaries.ByCodes(ctx, list, codes)
	}
	return one(ctx, objects, key, load, func(e *ent.DictionaryEntry) string { return e.Code })
}

// rolesOf finds the roles of users. A role has many users, so it is not found by its parent as children are.
func rolesOf(ctx context.Context, s Services, users []*ent.User) ([][]*policies.Role, error) {
	has, err := forKin(ctx, users, func(all []*ent.User) (map[publicid.UserID][]*policies.Role, error) {
		return s.Roles.RolesOf(ctx, distinct(all, func(u *ent.User) *publicid.UserID { return &u.ID }))
	})
	if err != nil {
		return nil, err
	}
	out := make([][]*policies.Role, len(users))
	for i, u := range users {
		out[i] = orEmpty(has[u.ID])
	}
	return out, nil
}

// usersInOrder finds users by id, in the order of ids; those the caller may not see are left out.
func usersInOrder(ctx context.Context, s Services, ids []publicid.UserID) ([]*ent.User, error) {
	rows, err := s.Users.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[publicid.UserID]*ent.User, len(rows))
	for _, u := range rows {
		byID[u.ID] = u
	}
	out := make([]*ent.User, 0, len(ids))
	for _, id := range ids {
		if u := byID[id]; u != nil {
			out = append(out, u)
		}
	}
	return out, nil
}
