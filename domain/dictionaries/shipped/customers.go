package shipped

func customerSources() []row {
	return []row{
		{"WALK_IN", "现场来访", "Walk-in"},
		{"PHONE", "来电咨询", "Phone enquiry"},
		{"EMAIL", "电子邮件", "Email"},
		{"WEBSITE", "官方网站", "Website"},
		{"SOCIAL_MEDIA", "社交媒体", "Social media"},
		{"ADVERTISING", "媒体广告", "Advertising"},
		{"EXHIBITION", "展会活动", "Trade fair or event"},
		{"CUSTOMER_REFERRAL", "客户介绍", "Customer referral"},
		{"EMPLOYEE_REFERRAL", "员工介绍", "Employee referral"},
		{"PARTNER", "合作伙伴", "Partner"},
		{"TENDER", "招标投标", "Tender"},
		{"COLD_CALL", "主动拓展", "Outbound sales"},
		{"IMPORT", "历史导入", "Imported records"},
		{"OTHER", "其他", "Other"},
	}
}

func customerCategories() []row {
	return []row{
		{"END_USER", "最终用户", "End user"},
		{"DEALER", "经销商", "Dealer"},
		{"AGENT", "代理商", "Agent"},
		{"GROUP", "集团客户", "Group customer"},
		{"GOVERNMENT", "政府机关", "Government body"},
		{"INSTITUTION", "事业单位", "Public institution"},
		{"SUPPLIER", "供应商", "Supplier"},
		{"PARTNER", "合作伙伴", "Partner"},
		{"MEMBER", "个人会员", "Individual member"},
		{"OTHER", "其他", "Other"},
	}
}

func salesModes() []row {
	return []row{
		{"DIRECT", "直接销售", "Direct sales"},
		{"DISTRIBUTION", "渠道分销", "Distribution"},
		{"AGENCY", "代理销售", "Agency sales"},
		{"RETAIL", "门店零售", "Retail"},
		{"TELESALES", "电话销售", "Telesales"},
		{"ONLINE", "网络销售", "Online sales"},
		{"TENDER", "招投标", "Tender"},
		{"OTHER", "其他", "Other"},
	}
}

// ownerships follow the registration types of enterprises that Chinese statistics use, shortened to what a
// salesperson can tell.
func ownerships() []row {
	return []row{
		{"STATE", "国有企业", "State-owned"},
		{"COLLECTIVE", "集体企业", "Collectively owned"},
		{"PRIVATE", "民营企业", "Private"},
		{"LIMITED", "有限责任公司", "Limited liability company"},
		{"JOINT_STOCK", "股份有限公司", "Joint-stock company"},
		{"LISTED", "上市公司", "Listed company"},
		{"JOINT_VENTURE", "中外合资", "Sino-foreign joint venture"},
		{"FOREIGN", "外商独资", "Wholly foreign-owned"},
		{"HMT", "港澳台资", "Hong Kong, Macao or Taiwan capital"},
		{"SOLE_TRADER", "个体工商户", "Sole trader"},
		{"PUBLIC_INSTITUTION", "事业单位", "Public institution"},
		{"GOVERNMENT", "政府机关", "Government body"},
		{"SOCIAL_ORGANISATION", "社会团体", "Social organisation"},
		{"OTHER", "其他", "Other"},
	}
}

// industries are the twenty sections of GB/T 4754-2017, the industrial classification for national economic
// activities; the code is the section's letter.
func industries() []row {
	return []row{
		{"A", "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"},
		{"B", "采矿业", "Mining"},
		{"C", "制造业", "Manufacturing"},
		{"D", "电力、热力、燃气及水生产和供应业", "Production and supply of electricity, heat, gas and water"},
		{"E", "建筑业", "Construction"},
		{"F", "批发和零售业", "Wholesale and retail trade"},
		{"G", "交通运输、仓储和邮政业", "Transport, storage and post"},
		{"H", "住宿和餐饮业", "Accommodation and catering"},
		{"I", "信息传输、软件和信息技术服务业", "Information transmission, software and information technology services"},
		{"J", "金融业", "Finance"},
		{"K", "房地产业", "Real estate"},
		{"L", "租赁和商务服务业", "Leasing and business services"},
		{"M", "科学研究和技术服务业", "Scientific research and technical services"},
		{"N", "水利、环境和公共设施管理业", "Management of water conservancy, environment and public facilities"},
		{"O", "居民服务、修理和其他服务业", "Services to households, repair and other services"},
		{"P", "教育", "Education"},
		{"Q", "卫生和社会工作", "Health and social work"},
		{"R", "文化、体育和娱乐业", "Culture, sports and entertainment"},
		{"S", "公共管理、社会保障和社会组织", "Public management, social security and social organisations"},
		{"T", "国际组织", "International organisations"},
	}
}
