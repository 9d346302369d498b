//! Account attributes.

use crate::world::World;
use expect_test::expect;

#[test]
fn the_default_vpc_is_an_attribute() {
    let mut world = World::new();
    world.shows(
        "DescribeAccountAttributes",
        "AttributeName.1=default-vpc&AttributeName.2=supported-platforms",
        expect![[r#"
        <accountAttributeSet>
          <item>
            <attributeName>supported-platforms</attributeName>
            <attributeValueSet>
              <item>
                <attributeValue>VPC</attributeValue>
              </item>
            </attributeValueSet>
          </item>
          <item>
            <attributeName>default-vpc</attributeName>
            <attributeValueSet>
              <item>
                <attributeValue>vpc-1</attributeValue>
              </item>
            </attributeValueSet>
          </item>
        </accountAttributeSet>
    "#]],
    );
    assert_eq!(world.all("DescribeAccountAttributes", "", "attributeName").len(), 6);
    world.refuses(
        "DescribeAccountAttributes",
        "AttributeName.1=colour",
        "InvalidParameterValue: Value (colour) for parameter attributeName is invalid.",
    );
}
