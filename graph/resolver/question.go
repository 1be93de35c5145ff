package resolver

import "heyue/platform/publicid"

// question reads what a question about access is about: a record of any kind and perhaps a user.
func question(id string, user *string) (key publicid.Any, of *publicid.UserID, err error) {
	if key, err = publicid.ParseAny(id); err != nil || user == nil {
		return key, nil, err
	}
	u, err := publicid.ParseUserID(*user)
	return key, &u, err
}
